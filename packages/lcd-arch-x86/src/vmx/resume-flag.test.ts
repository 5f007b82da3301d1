import { describe, expect, it } from "vitest";
import { Rflags } from "../cpu/state";
import { TestGuest } from "../cpu/system/test-guest";
import { STACK_TOP } from "../testing/index";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

const RF = BigInt(Rflags.RF);
const SET = [F.guestRflags, RF | 2n] as const;
const CLEAR = [F.guestRflags, 2n] as const;

const CPUID = [0x0f, 0xa2];
const NOP = 0x90;
const UD2 = [0x0f, 0x0b];
const INT3 = 0xcc;

const EXCEPTIONS = [F.exceptionBitmap, 0xffff_ffffn] as const;
const TIMER = [
  [F.pinBasedControls, 0x5fn],
  [F.preemptionTimer, 0n],
] as const;
const EMPTY_EPT = [
  [F.processorControls, 0x8401_e1f2n],
  [F.secondaryControls, 2n],
  // Write-back, four levels, an empty table.
  [F.eptPointer, 0xa000n | 0x1en],
  [F.guestIdtrLimit, 0xfffn],
] as const;

/** RF in RFLAGS as the VM exit has saved them. */
function savedBy(code: readonly number[], ...fields: readonly (readonly [VmcsField, bigint])[]): bigint {
  const guest = new TestGuest([[F.guestRsp, STACK_TOP], ...fields]);
  guest.exit(code);
  return BigInt(guest.cpu.vmx.vmread(F.guestRflags)) & RF;
}

describe("RFLAGS.RF that a VM exit saves (SDM 3C, Saving RIP, RSP, RFLAGS, and SSP)", () => {
  it("is 0 when an instruction exits", () => {
    expect(savedBy(CPUID, SET)).toBe(0n);
    // mov cr0, rax, of which all bits are the host's; in al, 80h
    expect(savedBy([0x0f, 0x22, 0xc0], SET, [F.cr0Mask, -1n], [F.cr0Shadow, -1n])).toBe(0n);
    expect(savedBy([0xe4, 0x80], SET, [F.processorControls, 0x0501_e1f2n])).toBe(0n);
  });

  it("is 1 for a fault, as on the stack of a handler", () => {
    expect(savedBy(UD2, CLEAR, EXCEPTIONS)).toBe(RF);
    expect(savedBy(UD2, SET, EXCEPTIONS)).toBe(RF);
  });

  it("is 0 for INT3, which clears it when it begins", () => {
    expect([savedBy([INT3], CLEAR, EXCEPTIONS), savedBy([INT3], SET, EXCEPTIONS)]).toEqual([0n, 0n]);
  });

  it("is 1 for general detect, the debug exception that is a fault", () => {
    // mov rax, dr0
    expect(savedBy([0x0f, 0x21, 0xc0], CLEAR, EXCEPTIONS, [F.guestDr7, 0x2400n])).toBe(RF);
  });

  it("is what it was between instructions", () => {
    expect([savedBy([NOP], CLEAR, ...TIMER), savedBy([NOP], SET, ...TIMER)]).toEqual([0n, RF]);
  });

  it("is 1 for an EPT violation, unless in the delivery of an event that saves it as it is: all that are injected", () => {
    expect(savedBy([NOP], CLEAR, ...EMPTY_EPT)).toBe(RF);
    // An NMI, #UD, INT 80H.
    for (const event of [0x8000_0202n, 0x8000_0306n, 0x8000_0480n]) {
      const injection = [
        [F.entryInterruptionInformation, event],
        [F.entryInstructionLength, 2n],
      ] as const;
      expect(savedBy([NOP], CLEAR, ...injection, ...EMPTY_EPT)).toBe(0n);
      expect(savedBy([NOP], SET, ...injection, ...EMPTY_EPT)).toBe(RF);
    }
  });
});
