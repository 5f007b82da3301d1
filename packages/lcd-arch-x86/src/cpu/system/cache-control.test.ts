import { describe, expect, it } from "vitest";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr } from "../state";
import { TestGuest } from "./test-guest";
import { LOW_DATA, ModeMachine } from "./test-modes";

const HLT = 0xf4;
const GP = { kind: "exception", vector: 13, errorCode: 0 };

describe("INVPCID (SDM 2A)", () => {
  const run = (type: bigint, pcid: bigint, address = 0n) => {
    const machine = new ModeMachine("64-bit");
    machine.put(pcid, address);
    machine.cpu.gpr[Gpr.rax] = type;
    machine.cpu.gpr[Gpr.rbx] = LOW_DATA;
    return machine.run([0x66, 0x0f, 0x38, 0x82, 0x03, HLT]); // invpcid rax, [rbx]
  };

  it("raises #GP(0) for a type, a descriptor or an address that is not valid", () => {
    const done = { kind: "halted" };
    expect([run(0n, 0n), run(1n, 0n), run(2n, 5n), run(3n, 5n)]).toEqual([done, done, done, done]);
    expect([run(4n, 0n), run(1n << 32n, 0n)]).toEqual([GP, GP]);
    // A PCID needs CR4.PCIDE; bits above 11 are reserved.
    expect([run(0n, 1n), run(1n, 1n), run(2n, 0x1000n)]).toEqual([GP, GP, GP]);
    expect([run(0n, 0n, 1n << 60n), run(1n, 0n, 1n << 60n)]).toEqual([GP, done]);
  });

  it("in a guest does not exist without its control, and exits as INVLPG does", () => {
    const code = [0x66, 0x0f, 0x38, 0x82, 0x0b]; // invpcid rcx, [rbx]
    expect(new TestGuest([[F.exceptionBitmap, 1n << 6n]]).exit(code).reason).toBe(0);
    const exit = new TestGuest([
      [F.processorControls, 0x8401_e3f2n],
      [F.secondaryControls, 1n << 12n],
    ]).exit(code);
    expect([exit.reason, exit.information]).toEqual([58, (2 << 7) | (3 << 15) | (1 << 22) | (3 << 23) | (1 << 28)]);
  });
});
