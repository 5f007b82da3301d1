import { describe, expect, it } from "vitest";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { TestGuest } from "./test-guest";
import { ModeMachine } from "./test-modes";

const UD = { kind: "exception", vector: 6, errorCode: null };

describe("VMX instructions (SDM 3C, VMX Instruction Reference)", () => {
  it("do not exist in real-address, virtual-8086 and compatibility mode", () => {
    const vmclear = (mode: "real-address" | "virtual-8086" | "compatibility") =>
      new ModeMachine(mode).run([...(mode === "compatibility" ? [] : [0x67]), 0x66, 0x0f, 0xc7, 0x33]);
    for (const mode of ["real-address", "virtual-8086", "compatibility"] as const) expect(vmclear(mode)).toEqual(UD);
  });

  it.each([
    ["vmclear [rbx]", [0x66, 0x0f, 0xc7, 0x33]],
    ["vmread rbx, rax", [0x0f, 0x78, 0xc3]],
    ["vmxoff", [0x0f, 0x01, 0xc4]],
    ["vmlaunch", [0x0f, 0x01, 0xc2]],
    ["vmxon [rbx], as CR4.VMXE is 0,", [0xf3, 0x0f, 0xc7, 0x33]],
  ])("%s does not exist outside VMX operation, at CPL 3 either", (_name, code) => {
    for (const cpl of [0, 3]) expect(new ModeMachine("64-bit", cpl).run(code)).toEqual(UD);
  });

  it("are undefined in a guest's compatibility mode, all but VMCALL, which exits from every mode (SDM 3C, VMCALL)", () => {
    const compatibility = [[F.guestCsRights, 0xc09bn]] as const;
    expect(new TestGuest(compatibility).exit([0x0f, 0x01, 0xc1])).toMatchObject({ reason: 18, length: 3 });
    // vmxoff: its #UD exits as all exceptions do
    const exits = [...compatibility, [F.exceptionBitmap, 1n << 6n]] as const;
    expect(new TestGuest(exits).exit([0x0f, 0x01, 0xc4])).toMatchObject({ reason: 0 });
  });

  it("tell where their operand is when a guest executes them", () => {
    // vmptrld [rsi + rdx*8 + 0x100]; vmread [rdi], r10; vmwrite r11, rbp
    expect(new TestGuest().exit([0x0f, 0xc7, 0xb4, 0xd6, 0, 1, 0, 0])).toMatchObject({
      reason: 21,
      qualification: 0x100n,
      information: 3 | (2 << 7) | (3 << 15) | (2 << 18) | (6 << 23),
    });
    expect(new TestGuest().exit([0x44, 0x0f, 0x78, 0x17]).information).toBe(
      ((2 << 7) | (3 << 15) | (1 << 22) | (7 << 23) | (10 << 28)) >>> 0,
    );
    expect(new TestGuest().exit([0x44, 0x0f, 0x79, 0xdd]).information).toBe(((5 << 3) | (1 << 10) | (11 << 28)) >>> 0);
  });
});
