import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { Gpr, Rflags } from "../cpu/state";
import { TestGuest } from "../cpu/system/test-guest";
import { CODE, DATA } from "../testing/index";
import { TestHost } from "./test-host";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

const BS = 1n << 14n;
const ENABLED = 1n << 12n;
const TF = BigInt(Rflags.TF);
const BLOCKING_BY_STI = 1n;
const BLOCKING_BY_MOV_SS = 2n;

const NOP = 0x90;
const CPUID = [0x0f, 0xa2];
const UD2 = [0x0f, 0x0b];
const MOV_SS_AX = [0x8e, 0xd0];
/** mov ss, [rbx] */
const MOV_SS_MEMORY = [0x8e, 0x13];
const ALL_EXCEPTIONS = [F.exceptionBitmap, 0xffff_ffffn] as const;

/** DR7 that watches accesses to four bytes by breakpoint 2. */
const WATCH_2 = (0xfn << 24n) | 0x10n | 0x400n;

/** A guest whose exceptions all exit; AX holds its SS, RBX points to a copy in memory. */
function guest(...fields: readonly (readonly [VmcsField, bigint])[]): TestGuest {
  const made = new TestGuest([ALL_EXCEPTIONS, ...fields]);
  const { cpu, machine } = made;
  // A flat data segment at 18H in a GDT.
  machine.memory.writeU64(__hpa(0x6000n + 0x18n), 0x00cf_9300_0000_ffffn);
  cpu.vmx.vmwrite(F.guestGdtrBase, 0x6000n);
  cpu.vmx.vmwrite(F.guestGdtrLimit, 0xffn);
  machine.memory.writeU64(__hpa(DATA), 0x18n);
  cpu.gpr[Gpr.rax] = 0x18n;
  cpu.gpr[Gpr.rbx] = DATA;
  return made;
}

const field = ({ cpu }: TestGuest, name: VmcsField): bigint => BigInt(cpu.vmx.vmread(name));

/** Where the guest is, as an offset in its code, what is pending and what blocks it. */
const saved = (of: TestGuest): object => ({
  at: field(of, F.guestRip) - CODE,
  pending: field(of, F.guestPendingDebug),
  blocking: field(of, F.guestInterruptibility),
});

const CPUID_EXIT = { reason: 10 };
const EXCEPTION_EXIT = { reason: 0 };

describe("saving pending debug exceptions (SDM 3C, Saving Non-Register State)", () => {
  it("a single step that MOV SS holds back, when the next instruction exits", () => {
    const stepped = guest([F.guestRflags, TF | 2n]);
    expect(stepped.exit([...MOV_SS_AX, ...CPUID])).toMatchObject(CPUID_EXIT);
    expect(saved(stepped)).toEqual({ at: 2n, pending: BS, blocking: BLOCKING_BY_MOV_SS });
  });

  it("a data breakpoint that MOV SS has met", () => {
    const watched = guest([F.guestDr7, WATCH_2]);
    watched.cpu.state.set64("dr", DATA, 2);
    expect(watched.exit([...MOV_SS_MEMORY, ...UD2])).toMatchObject(EXCEPTION_EXIT);
    expect(saved(watched)).toEqual({ at: 2n, pending: ENABLED | 4n, blocking: BLOCKING_BY_MOV_SS });
  });

  it("nothing when nothing is blocked, or a debug exception is why it exits", () => {
    const plain = guest();
    plain.exit([...MOV_SS_AX, ...CPUID]);
    expect(saved(plain)).toEqual({ at: 2n, pending: 0n, blocking: BLOCKING_BY_MOV_SS });
    const stepped = guest([F.guestRflags, TF | 2n]);
    expect(stepped.exit([...MOV_SS_AX, NOP])).toMatchObject({ ...EXCEPTION_EXIT, qualification: BS });
    expect(saved(stepped)).toEqual({ at: 3n, pending: 0n, blocking: 0n });
  });
});

describe("pending debug exceptions after VM entry (SDM 3C, Delivery of Pending Debug Exceptions after VM Entry)", () => {
  it("come before the first instruction, and tell what was pending", () => {
    const entered = guest([F.guestPendingDebug, BS | ENABLED | 5n]);
    expect(entered.exit([NOP, ...CPUID])).toMatchObject({ ...EXCEPTION_EXIT, qualification: BS | 5n });
    expect(saved(entered)).toEqual({ at: 0n, pending: 0n, blocking: 0n });
  });

  it("set DR6 when the guest handles them", () => {
    // #DB is no exit: its delivery through an IDT that is empty is one, a #GP.
    const entered = guest([F.guestPendingDebug, ENABLED | 2n], [F.exceptionBitmap, 1n << 13n]);
    expect(entered.exit([NOP, ...CPUID])).toMatchObject(EXCEPTION_EXIT);
    expect(field(entered, F.idtVectoringInformation)).toBe(0x8000_0301n);
    expect(entered.cpu.state.get64("dr", 6) & 0xen).toBe(2n);
  });

  it("are not valid without BS or an enabled breakpoint", () => {
    expect(guest([F.guestPendingDebug, 0xfn]).exit([NOP, ...CPUID])).toMatchObject(CPUID_EXIT);
  });

  it("wait behind one instruction while MOV SS blocks them", () => {
    const blocked = guest(
      [F.guestInterruptibility, BLOCKING_BY_MOV_SS],
      [F.guestPendingDebug, ENABLED | 4n],
      [F.guestDr7, WATCH_2],
    );
    expect(blocked.exit([NOP, ...CPUID])).toMatchObject({ ...EXCEPTION_EXIT, qualification: 4n });
    expect(saved(blocked)).toMatchObject({ at: 1n });
  });

  it("survive an exit of that instruction", () => {
    const blocked = guest(
      [F.guestInterruptibility, BLOCKING_BY_MOV_SS],
      [F.guestPendingDebug, ENABLED | 4n],
      [F.guestDr7, WATCH_2],
    );
    expect(blocked.exit(CPUID)).toMatchObject(CPUID_EXIT);
    expect(saved(blocked)).toEqual({ at: 0n, pending: ENABLED | 4n, blocking: BLOCKING_BY_MOV_SS });
  });

  it("are lost when an event is injected", () => {
    // #UD, which exits when it is delivered through an IDT that is empty: with #GP.
    const injected = guest([F.guestPendingDebug, BS], [F.entryInterruptionInformation, 0x8000_0306n]);
    expect(injected.exit([NOP])).toMatchObject(EXCEPTION_EXIT);
    expect(field(injected, F.exitInterruptionInformation) & 0xffn).toBe(13n);
    expect([field(injected, F.idtVectoringInformation), field(injected, F.guestPendingDebug)]).toEqual([
      0x8000_0306n,
      0n,
    ]);
  });
});

describe("checks on pending debug exceptions (SDM 3C, Checks on Guest Non-Register State)", () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost().ready();
  });
  const INVALID_GUEST_STATE = 0x8000_0021n;
  const enters = (...fields: readonly (readonly [VmcsField, bigint])[]): boolean => {
    for (const [name, value] of fields) host.vmx.vmwrite(name, value);
    host.vmx.vmlaunch();
    return host.state.get32("nonRoot") !== 0 || host.field(F.exitReason) !== INVALID_GUEST_STATE;
  };

  it.each([4n, 11n, 13n, 15n, 16n, 63n])("bit %d is reserved", (bit) => {
    expect(enters([F.guestPendingDebug, 1n << bit])).toBe(false);
  });

  it.each([
    [BLOCKING_BY_MOV_SS, TF, BS, true],
    [BLOCKING_BY_MOV_SS, TF, 0n, false],
    [BLOCKING_BY_MOV_SS, 0n, BS, false],
    [BLOCKING_BY_STI, TF | BigInt(Rflags.IF), 0n, false],
    [BLOCKING_BY_STI, TF | BigInt(Rflags.IF), BS, true],
    [0n, 0n, BS, true],
    [0n, TF, 0n, true],
  ])("blocking %d, RFLAGS %d, pending %d: %s", (blocking, flags, pending, valid) => {
    const fields = [
      [F.guestInterruptibility, blocking],
      [F.guestRflags, flags | 2n],
      [F.guestPendingDebug, pending],
    ] as const;
    expect(enters(...fields)).toBe(valid);
  });
});
