import { describe, expect, it } from "vitest";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr, Rflags } from "../state";
import { TestGuest } from "./test-guest";
import { ModeMachine } from "./test-modes";

describe("RDRAND and RDSEED (SDM 2B)", () => {
  const numbers = (seed: number) => {
    const machine = new ModeMachine("64-bit", 3, { seed });
    machine.run([0x48, 0x0f, 0xc7, 0xf0, 0x48, 0x0f, 0xc7, 0xf9], 2); // rdrand rax; rdseed rcx
    return [machine.cpu.gpr[Gpr.rax], machine.cpu.gpr[Gpr.rcx]];
  };

  it("give what the machine's seed decides", () => {
    // SplitMix64 from seed 0, the published first numbers.
    expect(numbers(0)).toEqual([0xe220_a839_7b1d_cdafn, 0x6e78_9e6a_a1b9_65f4n]);
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(0));
  });

  it("set CF, clear the other flags, and write as much as the register holds", () => {
    const machine = new ModeMachine("64-bit", 3);
    machine.cpu.rflags = BigInt(Rflags.ZF | Rflags.OF | Rflags.SF | Rflags.fixed);
    machine.cpu.gpr[Gpr.rax] = -1n & 0xffff_ffff_ffff_ffffn;
    machine.run([0x66, 0x0f, 0xc7, 0xf0], 1); // rdrand ax
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0xffff_ffff_ffff_cdafn);
    expect(machine.cpu.rflags).toBe(BigInt(Rflags.CF | Rflags.fixed));
    machine.run([0x0f, 0xc7, 0xf0], 1); // rdrand eax
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0xa1b9_65f4n);
  });

  it("exit with the register and its size", () => {
    const fields = [
      [F.processorControls, 0x8401_e1f2n],
      [F.secondaryControls, (1n << 11n) | (1n << 16n)],
    ] as const;
    // rdrand r9d; rdseed si
    expect(new TestGuest(fields).exit([0x41, 0x0f, 0xc7, 0xf1])).toMatchObject({
      reason: 57,
      information: (9 << 3) | (1 << 11),
    });
    expect(new TestGuest(fields).exit([0x66, 0x0f, 0xc7, 0xfe])).toMatchObject({ reason: 61, information: 6 << 3 });
  });
});
