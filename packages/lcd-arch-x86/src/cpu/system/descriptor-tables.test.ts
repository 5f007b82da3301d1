import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { TestGuest } from "./test-guest";
import { LOW_DATA, ModeMachine, modes } from "./test-modes";

const HLT = 0xf4;
const [GP, UD] = [13, 6];
const UMIP = 1n << 11n;

/** LGDT, LIDT, SGDT and SIDT of the memory at LOW_DATA: 32-bit absolute addresses, 16-bit ones in 16-bit code. */
const Group7 = { sgdt: 0, sidt: 1, lgdt: 2, lidt: 3 } as const;
function instruction(bits: 16 | 32 | 64, operation: keyof typeof Group7): number[] {
  const reg = Group7[operation] << 3;
  switch (bits) {
    case 16:
      return [0x0f, 0x01, reg | 6, 0x00, 0x90];
    case 32:
      return [0x0f, 0x01, reg | 5, 0x00, 0x90, 0, 0];
    case 64:
      return [0x0f, 0x01, reg | 4, 0x25, 0x00, 0x90, 0, 0];
  }
}

/** A limit of 0x1234 and a base of 0xffff8000_9abcdef0. */
const IMAGE = [0x8000_9abc_def0_1234n, 0xffffn];

describe("LGDT and LIDT (SDM 2A)", () => {
  it.each([
    ["64-bit", 64, [], 0xffff_8000_9abc_def0n],
    ["64-bit", 64, [0x66], 0xffff_8000_9abc_def0n],
    ["compatibility", 32, [], 0x9abc_def0n],
    ["protected", 32, [], 0x9abc_def0n],
    // With a 16-bit operand size the base has 24 bits.
    ["protected", 32, [0x66], 0xbc_def0n],
    ["real-address", 16, [], 0xbc_def0n],
    ["real-address", 16, [0x66], 0x9abc_def0n],
  ] as const)("in %s mode, %i-bit code with prefixes %j: base %i", (mode, bits, prefixes, base) => {
    for (const [operation, baseField, limitField] of [
      ["lgdt", "gdtrBase", "gdtrLimit"],
      ["lidt", "idtrBase", "idtrLimit"],
    ] as const) {
      const machine = new ModeMachine(mode);
      machine.put(...IMAGE);
      expect(machine.run([...prefixes, ...instruction(bits, operation), HLT])).toEqual({ kind: "halted" });
      expect(machine.cpu.state.get64(baseField)).toBe(base);
      expect(machine.cpu.state.get32(limitField)).toBe(0x1234);
    }
  });

  it("raise #GP(0) for a base that is not canonical with 57 bits", () => {
    const machine = new ModeMachine("64-bit");
    machine.put(0xffffn, 0x8000n);
    expect(machine.run(instruction(64, "lgdt"))).toEqual({ kind: "exception", vector: GP, errorCode: 0 });
    expect(machine.cpu.state.get32("gdtrLimit")).toBe(0);
  });

  it.each(modes)("in %s mode at CPL %i: #GP(0) above CPL 0", (mode, cpl) => {
    const machine = new ModeMachine(mode, cpl);
    const bits = mode === "64-bit" ? 64 : mode === "compatibility" || mode === "protected" ? 32 : 16;
    const stop = machine.run(instruction(bits, "lgdt"), 1);
    expect(stop).toEqual(cpl === 0 ? { kind: "limit" } : { kind: "exception", vector: GP, errorCode: 0 });
  });

  it("raise #UD for a register operand", () => {
    expect(new ModeMachine("64-bit").run([0x66, 0x0f, 0x01, 0xd3])).toMatchObject({ kind: "exception", vector: UD });
  });
});

describe("SGDT and SIDT (SDM 2B)", () => {
  it.each([
    ["64-bit", 64],
    ["protected", 32],
  ] as const)("in %s mode store the limit and the whole base, and nothing behind it", (mode, bits) => {
    const machine = new ModeMachine(mode);
    machine.put(-1n, -1n);
    machine.cpu.state.set64("gdtrBase", 0xffff_8000_1122_3344n);
    machine.cpu.state.set32("gdtrLimit", 0x55);
    machine.run([...instruction(bits, "sgdt"), HLT]);
    const stored = machine.machine.memory.read(__hpa(LOW_DATA), 16);
    const base = [0x44, 0x33, 0x22, 0x11, 0x00, 0x80, 0xff, 0xff];
    const written = [0x55, 0, ...(bits === 64 ? base : base.slice(0, 4))];
    expect([...stored]).toEqual([...written, ...Array(16 - written.length).fill(0xff)]);
  });

  it("execute at CPL 3, but raise #GP(0) there with CR4.UMIP", () => {
    const machine = new ModeMachine("64-bit", 3);
    expect(machine.run(instruction(64, "sidt"), 1)).toEqual({ kind: "limit" });
    machine.cpu.state.set64("cr4", machine.cpu.state.get64("cr4") | UMIP);
    expect(machine.run(instruction(64, "sidt"), 1)).toEqual({ kind: "exception", vector: GP, errorCode: 0 });
  });
});

describe("descriptor-table exiting (SDM 3C, Instructions That Cause VM Exits Conditionally)", () => {
  const exiting = [
    [F.processorControls, 0x8401_e1f2n],
    [F.secondaryControls, 1n << 2n],
  ] as const;

  // lgdt [rbx + r9*4 - 8]: scale 4, 64-bit addresses, DS, index R9, base RBX, identity 2; the displacement is told.
  it("tells where the operand is and which instruction it was", () => {
    expect(new TestGuest(exiting).exit([0x42, 0x0f, 0x01, 0x54, 0x8b, 0xf8])).toEqual({
      reason: 46,
      qualification: BigInt.asUintN(64, -8n),
      information: (2 | (2 << 7) | (1 << 11) | (3 << 15) | (9 << 18) | (3 << 23) | (2 << 28)) >>> 0,
      linearAddress: 0n,
      length: 6,
    });
  });

  it("tells a RIP-relative address whole, with neither base nor index", () => {
    const { qualification, information } = new TestGuest(exiting).exit([0x0f, 0x01, 0x05, 0x00, 0x01, 0, 0]);
    expect(qualification).toBe(0x10_0000n + 7n + 0x100n);
    expect(information & ((1 << 22) | (1 << 27))).toBe((1 << 22) | (1 << 27));
  });

  it("does not happen without the control", () => {
    // sgdt [rsp-16]; vmcall
    expect(new TestGuest().exit([0x0f, 0x01, 0x44, 0x24, 0xf0, 0x0f, 0x01, 0xc1]).reason).toBe(18);
  });
});
