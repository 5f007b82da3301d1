import { Mnemonic } from "iced-x86";
import type { CaseResult } from "./case";
import { Fx } from "./fx-state";
import { Layout } from "./layout";

/** The six arithmetic flags, by their bits in RFLAGS. */
export const Flag = { CF: 0x001, PF: 0x004, AF: 0x010, ZF: 0x040, SF: 0x080, OF: 0x800 } as const;

export const ALL_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;

/** What is known about a shift: its count after masking to 5 or 6 bits, null when only running it would tell. */
export interface ShiftCount {
  readonly count: number | null;
  /** Operand size. */
  readonly bits: number;
}

interface Rule {
  readonly mnemonics: readonly number[];
  /** Flags without a defined value afterwards. */
  readonly flags: number;
  /** When; always, if not given. */
  readonly when?: (shift: ShiftCount) => boolean;
  /** What Intel's manual says (SDM 2, "Flags Affected" of the instruction). */
  readonly words: string;
}

const { CF, PF, AF, ZF, SF, OF } = Flag;
const shl = [Mnemonic.Shl, Mnemonic.Sal, Mnemonic.Shr];
const shifts = [...shl, Mnemonic.Sar];
const doubleShifts = [Mnemonic.Shld, Mnemonic.Shrd];
const rotates = [Mnemonic.Rol, Mnemonic.Ror, Mnemonic.Rcl, Mnemonic.Rcr];

/**
 * What Intel's manual leaves undefined: the only differences between two correct processors that are not reported.
 * This is the whole list. Where a count is not known before the code runs, a rule counts as if it applied.
 */
export const undefinedFlags: readonly Rule[] = [
  {
    mnemonics: [Mnemonic.And, Mnemonic.Or, Mnemonic.Xor, Mnemonic.Test],
    flags: AF,
    words: "The state of the AF flag is undefined.",
  },
  {
    mnemonics: [Mnemonic.Mul, Mnemonic.Imul],
    flags: SF | ZF | AF | PF,
    words: "The SF, ZF, AF, and PF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Div, Mnemonic.Idiv],
    flags: ALL_FLAGS,
    words: "The CF, OF, SF, ZF, AF, and PF flags are undefined.",
  },
  {
    mnemonics: shifts,
    flags: AF,
    when: ({ count }) => count !== 0,
    words: "For a non-zero count, the AF flag is undefined.",
  },
  {
    mnemonics: shifts,
    flags: OF,
    when: ({ count }) => count !== 0 && count !== 1,
    words: "The OF flag is affected only for 1-bit shifts; otherwise, it is undefined.",
  },
  {
    mnemonics: shl,
    flags: CF,
    when: ({ count, bits }) => bits < 32 && (count === null || count >= bits),
    words:
      "The CF flag is undefined for SHL and SHR instructions where the count is greater than or equal to the size " +
      "(in bits) of the destination operand.",
  },
  {
    mnemonics: rotates,
    flags: OF,
    when: ({ count }) => count !== 0 && count !== 1,
    words: "The OF flag is affected only for single-bit rotates; it is undefined for multi-bit rotates.",
  },
  {
    mnemonics: doubleShifts,
    flags: AF,
    when: ({ count }) => count !== 0,
    words: "The AF flag is undefined.",
  },
  {
    mnemonics: doubleShifts,
    flags: OF,
    when: ({ count }) => count !== 0 && count !== 1,
    words: "For shifts greater than 1 bit, the OF flag is undefined.",
  },
  {
    mnemonics: [Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc],
    flags: OF | SF | AF | PF,
    words: "The ZF flag is unaffected. The OF, SF, AF, and PF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Bsf, Mnemonic.Bsr],
    flags: CF | OF | SF | AF | PF,
    words: "The CF, OF, SF, AF, and PF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Aaa, Mnemonic.Aas],
    flags: OF | SF | ZF | PF,
    words: "The OF, SF, ZF, and PF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Aam, Mnemonic.Aad],
    flags: OF | AF | CF,
    words: "The OF, AF, and CF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Daa, Mnemonic.Das],
    flags: OF,
    words: "The OF flag is undefined.",
  },
  {
    mnemonics: [Mnemonic.Tzcnt, Mnemonic.Lzcnt],
    flags: OF | SF | PF | AF,
    words: "OF, SF, PF, and AF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Andn, Mnemonic.Blsi, Mnemonic.Blsmsk, Mnemonic.Blsr, Mnemonic.Bzhi],
    flags: AF | PF,
    words: "AF and PF flags are undefined.",
  },
  {
    mnemonics: [Mnemonic.Bextr],
    flags: AF | SF | PF,
    words: "AF, SF, and PF are undefined.",
  },
];

/** Instructions whose result, not only a flag, is undefined; cases with one are not made. */
export const undefinedResults: readonly Omit<Rule, "flags">[] = [
  {
    mnemonics: doubleShifts,
    when: ({ count, bits }) => bits === 16 && (count === null || count > bits),
    words: "If the count is greater than the operand size, the result is undefined.",
  },
  {
    mnemonics: [Mnemonic.Bswap],
    when: ({ bits }) => bits === 16,
    words: "When the BSWAP instruction references a 16-bit register, the result is undefined.",
  },
];

/**
 * Instructions that may have changed registers when they fault. The manual does not say; AMD's processors keep what POPA
 * has loaded, and MASKMOVQ has begun to use the MMX registers.
 */
export const partial: ReadonlySet<number> = new Set([Mnemonic.Popa, Mnemonic.Popad, Mnemonic.Maskmovq]);

/**
 * "Exceptions are determined separately for each add and multiply operation, in the order of their execution" (SDM 2,
 * DPPS, DPPD): which of them still come after one that is not masked has no order for packed operands.
 */
export const stepwise: ReadonlySet<number> = new Set([Mnemonic.Dpps, Mnemonic.Dppd]);

/** Instructions that leave C1 as it was on AMD's processors, and clear it by Intel's manual. */
export const c1Writers: ReadonlySet<number> = new Set([
  Mnemonic.Fcomi,
  Mnemonic.Fcomip,
  Mnemonic.Fucomi,
  Mnemonic.Fucomip,
]);

/** x87 instructions that clear or mask an exception without looking whether it is pending. */
export const forgetful: ReadonlySet<number> = new Set([
  Mnemonic.Fnclex,
  Mnemonic.Fninit,
  Mnemonic.Fnsave,
  Mnemonic.Fnstenv,
]);

/** x87 instructions that load the masks of exceptions. */
export const maskLoaders: ReadonlySet<number> = new Set([Mnemonic.Fldcw, Mnemonic.Fldenv, Mnemonic.Frstor]);

/** Instructions whose results are defined within a bound (compare-fx.ts); they are the last of their cases. */
export const approximations: ReadonlySet<number> = new Set([
  Mnemonic.Rcpps,
  Mnemonic.Rcpss,
  Mnemonic.Rsqrtps,
  Mnemonic.Rsqrtss,
  Mnemonic.F2xm1,
  Mnemonic.Fyl2x,
  Mnemonic.Fyl2xp1,
  Mnemonic.Fptan,
  Mnemonic.Fpatan,
  Mnemonic.Fsin,
  Mnemonic.Fcos,
  Mnemonic.Fsincos,
]);

/** Instructions that leave all flags alone when their count is zero. */
export const countedInstructions: ReadonlySet<number> = new Set([...shifts, ...doubleShifts, ...rotates]);

const flagsByMnemonic = new Map<number, Rule[]>();
for (const rule of undefinedFlags) {
  for (const mnemonic of rule.mnemonics) {
    flagsByMnemonic.set(mnemonic, [...(flagsByMnemonic.get(mnemonic) ?? []), rule]);
  }
}

/** The flags that are undefined after this instruction, though it wrote them. */
export function flagsLeftUndefined(mnemonic: number, shift: ShiftCount): number {
  let flags = 0;
  for (const rule of flagsByMnemonic.get(mnemonic) ?? []) {
    if (rule.when?.(shift) ?? true) {
      flags |= rule.flags;
    }
  }
  return flags;
}

/** Whether the result of this instruction may be undefined. */
export function resultIsUndefined(mnemonic: number, shift: ShiftCount): boolean {
  return undefinedResults.some((rule) => rule.mnemonics.includes(mnemonic) && (rule.when?.(shift) ?? true));
}

const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const PAGE_FAULT = 14;
/** Longest access there is, FNSAVE's and FXSAVE's apart. */
const NEAR_THE_END = 128n;
const FOUR_GIB = 1n << 32n;
const LINEAR_BITS = 48;
/** MXCSR.MM of AMD's processors, bit 17, in the third byte. */
const MISALIGNED_MASK = 1 << 1;

/** Whether two outcomes differ only in what the manual leaves to the processor. */
export function isImplementationSpecific(expected: CaseResult, actual: CaseResult): boolean {
  return (
    hasMisalignedMask(expected) ||
    (expected.rip === actual.rip &&
      (isAtEndOfMemory(expected, actual) ||
        isOtherOfTwoFaults(expected, actual) ||
        isOffsetNotCanonical(expected, actual)))
  );
}

/**
 * "Bits 16 through 31 of the MXCSR register are reserved and are cleared on a power-up or reset of the processor;
 * attempting to write a non-zero value to any of these bits ... will result in a general-protection exception (#GP) being
 * generated." (SDM 1, "MXCSR Control and Status Register".) AMD's processors have a mask there, MM.
 */
function hasMisalignedMask({ fx }: CaseResult): boolean {
  return fx !== null && (fx[Fx.mxcsr + 2] & MISALIGNED_MASK) !== 0;
}

/**
 * "In 64-bit mode ... if the memory address is in a non-canonical form" (SDM 2, #GP(0) of most instructions): the linear
 * address, with the base of FS or GS. AMD's processors raise #GP(0) for an offset that is not canonical, too.
 */
function isOffsetNotCanonical(expected: CaseResult, actual: CaseResult): boolean {
  const offset = actual.address - BigInt(Layout.gsBase);
  const inside = (address: bigint): boolean => BigInt.asIntN(LINEAR_BITS, address) === BigInt.asIntN(64, address);
  return expected.exception === GENERAL_PROTECTION && actual.exception === PAGE_FAULT && !inside(offset);
}

/**
 * "When the effective limit is FFFFFFFFH (4 GBytes), these accesses may or may not cause the indicated exceptions. Behavior
 * is implementation-specific and may vary from one execution to another." (SDM 3A, "Limit Checking", of accesses that go
 * beyond the end of the segment.)
 */
function isAtEndOfMemory(one: CaseResult, other: CaseResult): boolean {
  const [limit, page] = one.exception === PAGE_FAULT ? [other, one] : [one, other];
  const checked = limit.exception === STACK_FAULT || limit.exception === GENERAL_PROTECTION;
  const { exception, address } = page;
  return (
    checked && exception === PAGE_FAULT && address < FOUR_GIB && segmentBases.some((base) => isAtEnd(address - base))
  );
}

/** Where segments without a limit begin. */
const segmentBases = [0n, BigInt(Layout.dataBase)];

const isAtEnd = (offset: bigint): boolean => BigInt.asUintN(32, offset + NEAR_THE_END) < 2n * NEAR_THE_END;

/**
 * "Exceptions within each class are implementation-dependent and may vary from processor to processor." (SDM 3A, "Priority
 * Among Concurrent Events", of which "Faults on Executing an Instruction" are one class.) An operand of 16 bytes in the
 * stack segment may be both beyond the limit and not aligned.
 */
function isOtherOfTwoFaults(expected: CaseResult, actual: CaseResult): boolean {
  return expected.fx !== null && expected.exception === GENERAL_PROTECTION && actual.exception === STACK_FAULT;
}

/**
 * A selector as it can be compared: null selectors are all 0. "The processor clears the segment registers that are null"
 * when it returns from Linux to user mode (SDM 2, IRET, RETURN-TO-OUTER-PRIVILEGE-LEVEL), at any time.
 */
export function visibleSelector(selector: number): number {
  return selector < 4 ? 0 : selector;
}
