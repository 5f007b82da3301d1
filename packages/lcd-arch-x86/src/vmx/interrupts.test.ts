import { describe, expect, it } from "vitest";
import { Gpr, Rflags } from "../cpu/state";
import { TestGuest } from "../cpu/system/test-guest";
import type { Wiring } from "../cpu/wiring";
import { CODE, STACK_TOP } from "../testing/index";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

const NOP = 0x90;
const STI = 0xfb;
const CPUID = [0x0f, 0xa2];

const EXTERNAL_INTERRUPT = 1;
const INTERRUPT_WINDOW = 7;
const CPUID_EXIT = 10;
const NMI_EXIT = 0;

/** Of the valid set of controls, and with another one. */
const PROCESSOR = 0x0401_e1f2n;
const EXIT = 0x0003_6fffn;
const WINDOW = [F.processorControls, PROCESSOR | (1n << 2n)] as const;
const ACKNOWLEDGE = [F.exitControls, EXIT | (1n << 15n)] as const;

const ENABLED = [F.guestRflags, BigInt(Rflags.IF) | 2n] as const;
const BLOCKING_BY_STI = 1n;
const BLOCKING_BY_MOV_SS = 2n;
const BLOCKING_BY_NMI = 8n;

/** Pins that an interrupt and an NMI can be put on. */
class Pins implements Wiring {
  vector: number | null = null;
  nmi = false;

  readPort = (): number => 0;
  writePort(): void {}
  readMemory(): void {}
  writeMemory(): void {}
  nextDeadline = (): number => Number.POSITIVE_INFINITY;
  nmiPending = (): boolean => this.nmi;
  takeNmi(): void {
    this.nmi = false;
  }
  interruptPending = (): boolean => this.vector !== null;
  acknowledgeInterrupt(): number {
    const { vector } = this;
    this.vector = null;
    return vector ?? 0;
  }
}

function wired(...fields: readonly (readonly [VmcsField, bigint])[]): { guest: TestGuest; pins: Pins } {
  const guest = new TestGuest([[F.guestRsp, STACK_TOP], ...fields]);
  const pins = new Pins();
  guest.cpu.wiring = pins;
  return { guest, pins };
}

const field = ({ cpu }: TestGuest, name: VmcsField): bigint => BigInt(cpu.vmx.vmread(name));

/** Why the guest has left, and where it is. */
const left = (guest: TestGuest, code: readonly number[]): [reason: number, at: bigint] => {
  const { reason } = guest.exit(code);
  return [reason, field(guest, F.guestRip) - CODE];
};

describe("interrupt-window exiting (SDM 3C, Other Causes of VM Exits)", () => {
  it("exits before the first instruction of a guest that takes interrupts", () => {
    expect(left(new TestGuest([WINDOW, ENABLED]), [NOP, ...CPUID])).toEqual([INTERRUPT_WINDOW, 0n]);
  });

  it("does not exit while the guest takes none", () => {
    expect(left(new TestGuest([WINDOW]), [NOP, ...CPUID])).toEqual([CPUID_EXIT, 1n]);
  });

  it.each([
    ["STI", BLOCKING_BY_STI],
    ["MOV SS", BLOCKING_BY_MOV_SS],
  ])("waits for the instruction that %s covers", (_name, blocking) => {
    const guest = new TestGuest([WINDOW, ENABLED, [F.guestInterruptibility, blocking]]);
    expect(left(guest, [NOP, NOP, ...CPUID])).toEqual([INTERRUPT_WINDOW, 1n]);
    expect(field(guest, F.guestInterruptibility)).toBe(0n);
  });

  it("exits behind the instruction that follows STI", () => {
    expect(left(new TestGuest([WINDOW]), [NOP, STI, NOP, NOP, ...CPUID])).toEqual([INTERRUPT_WINDOW, 3n]);
  });

  it("exits behind POPF that sets IF", () => {
    // push 202h; popf
    const guest = new TestGuest([WINDOW, [F.guestRsp, STACK_TOP]]);
    expect(left(guest, [0x68, 2, 2, 0, 0, 0x9d, NOP, ...CPUID])).toEqual([INTERRUPT_WINDOW, 6n]);
  });

  it("comes behind an NMI and before an external interrupt", () => {
    const { guest, pins } = wired(WINDOW, ENABLED);
    pins.vector = 0x40;
    expect(left(guest, [NOP])).toEqual([INTERRUPT_WINDOW, 0n]);
    pins.nmi = true;
    guest.cpu.vmx.vmresume();
    guest.cpu.run(10);
    expect(field(guest, F.exitReason)).toBe(BigInt(NMI_EXIT));
  });

  it("is over with the guest: the host's own interrupt flag does not matter", () => {
    const guest = new TestGuest([WINDOW, ENABLED]);
    guest.exit([NOP]);
    guest.cpu.rip = CODE;
    guest.cpu.rflags = BigInt(Rflags.IF) | 2n;
    expect(guest.cpu.run(1)).toEqual({ kind: "limit" });
  });
});

describe("external interrupts (SDM 3C, VM-Exit Controls)", () => {
  it("stay pending if the host does not acknowledge them on exit", () => {
    const { guest, pins } = wired();
    pins.vector = 0x40;
    expect(left(guest, [NOP])).toEqual([EXTERNAL_INTERRUPT, 0n]);
    expect([field(guest, F.exitInterruptionInformation), pins.vector]).toEqual([0n, 0x40]);
  });

  it("are told with their vector if it does", () => {
    const { guest, pins } = wired(ACKNOWLEDGE);
    pins.vector = 0x40;
    expect(left(guest, [NOP])).toEqual([EXTERNAL_INTERRUPT, 0n]);
    expect([field(guest, F.exitInterruptionInformation), pins.vector]).toEqual([0x8000_0040n, null]);
  });

  it("of a processor without devices, too", () => {
    const guest = new TestGuest([ACKNOWLEDGE]);
    guest.cpu.requestInterrupt(0xec);
    guest.exit([NOP]);
    expect(field(guest, F.exitInterruptionInformation)).toBe(0x8000_00ecn);
    expect(guest.cpu.acknowledgeInterrupt()).toBeUndefined();
  });
});

describe("TSC offsetting (SDM 3C, Changes to Instruction Behavior in VMX Non-Root Operation)", () => {
  const RDTSC = [0x0f, 0x31];

  /** EDX:EAX that the guest's first RDTSC leaves. */
  function guestTime(processor: bigint, offset: bigint): bigint {
    const guest = new TestGuest([
      [F.processorControls, processor],
      [F.tscOffset, offset],
    ]);
    guest.exit([...RDTSC, ...CPUID]);
    return (guest.cpu.gpr[Gpr.rdx] << 32n) | guest.cpu.gpr[Gpr.rax];
  }

  it("adds a signed number to what RDTSC reads", () => {
    const plain = guestTime(PROCESSOR, 0x1000_0000_0000n);
    const offsetting = PROCESSOR | (1n << 3n);
    expect(guestTime(offsetting, 0x1000_0000_0000n)).toBe(plain + 0x1000_0000_0000n);
    expect(guestTime(offsetting, -0x100n)).toBe(BigInt.asUintN(64, plain - 0x100n));
  });

  it("does not move the time of RDMSR in the host", () => {
    const guest = new TestGuest([
      [F.processorControls, PROCESSOR | (1n << 3n)],
      [F.tscOffset, 0x1000_0000_0000n],
    ]);
    guest.exit(CPUID);
    expect(guest.cpu.readMsr(0x10)).toBeLessThan(1000n);
  });
});

describe("blocking by NMI (SDM 3C, Updating Non-Register State; IRET in VMX Non-Root Operation)", () => {
  it("is in effect in the host behind the VM exit that an NMI causes, and was not in the guest", () => {
    const { guest, pins } = wired();
    pins.nmi = true;
    expect(left(guest, [NOP])).toEqual([NMI_EXIT, 0n]);
    expect([field(guest, F.guestInterruptibility), BigInt(guest.cpu.interruptibility)]).toEqual([0n, BLOCKING_BY_NMI]);
  });

  it("is not changed by other VM exits", () => {
    for (const blocking of [0n, BLOCKING_BY_NMI]) {
      const guest = new TestGuest([[F.guestInterruptibility, blocking]]);
      guest.exit(CPUID);
      expect(BigInt(guest.cpu.interruptibility)).toBe(blocking);
    }
  });

  it("stays when a guest executes IRET, as NMIs exit", () => {
    // iretq, which faults: the guest has no GDT.
    const guest = new TestGuest([
      [F.guestInterruptibility, BLOCKING_BY_NMI],
      [F.guestRsp, STACK_TOP],
      [F.exceptionBitmap, 0xffff_ffffn],
    ]);
    expect(left(guest, [0x48, 0xcf])[0]).toBe(0);
    expect(field(guest, F.guestInterruptibility)).toBe(BLOCKING_BY_NMI);
  });
});
