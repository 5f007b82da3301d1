import type { Value } from "../ir";
import type { BlockBuilder, KnownFlags } from "./builder";

/** The most significant bit of a value's low `size` bytes, as 0 or 1. */
export function signBit(b: BlockBuilder, value: Value, size: number): Value {
  return b.ltS(b.signExtend(value, size), b.constant(value.type, 0));
}

/** Whether the low `size` bytes, which are all that the value has, are 0. */
const zero = (b: BlockBuilder, { result }: KnownFlags): Value => b.eqz(result);
const sign = (b: BlockBuilder, { result, size }: KnownFlags): Value => signBit(b, result, size);

type Test = (b: BlockBuilder, flags: KnownFlags) => Value | null;

/** The carry flag as an i32, or null when the kind does not give it cheaply. */
const carry: Test = (b, flags) => {
  if (flags.carry !== null) {
    return flags.carry;
  }
  switch (flags.kind) {
    case "compare":
    case "subtract":
      return flags.b === null ? null : b.ltU(flags.a, flags.b);
    case "add":
      return flags.b === null ? null : b.ltU(flags.result, flags.b);
    case "logic":
      return b.i32(0);
    default:
      return null;
  }
};

const compares = (flags: KnownFlags): flags is KnownFlags & { b: Value } =>
  (flags.kind === "compare" || flags.kind === "subtract") && flags.b !== null;

/** Even condition codes by number / 2: what they test on known flags; null: only the flags themselves tell. */
const known: readonly Test[] = [
  (b, flags) => flags.overflow ?? (flags.kind === "logic" ? b.i32(0) : null),
  carry,
  (b, flags) => (flags.kind === "bits" ? null : zero(b, flags)),
  (b, flags) => {
    if (compares(flags) && flags.carry === null) {
      return b.leU(flags.a, flags.b);
    }
    const below = flags.kind === "bits" ? null : carry(b, flags);
    return below === null ? null : b.or(below, zero(b, flags));
  },
  (b, flags) => (flags.kind === "bits" ? null : sign(b, flags)),
  () => null,
  (b, flags) => {
    if (flags.overflow !== null) {
      return null;
    }
    if (compares(flags)) {
      return b.ltS(b.signExtend(flags.a, flags.size), b.signExtend(flags.b, flags.size));
    }
    return flags.kind === "logic" ? sign(b, flags) : null;
  },
  (b, flags) => {
    if (flags.overflow !== null) {
      return null;
    }
    if (compares(flags)) {
      return b.leS(b.signExtend(flags.a, flags.size), b.signExtend(flags.b, flags.size));
    }
    return flags.kind === "logic"
      ? b.leS(b.signExtend(flags.result, flags.size), b.constant(flags.result.type, 0))
      : null;
  },
];

/** Bit numbers in RFLAGS. */
const bit = { CF: 0, PF: 2, ZF: 6, SF: 7, OF: 11 } as const;

const flagBit = (b: BlockBuilder, flags: Value, number: number): Value =>
  b.and(number === 0 ? flags : b.shrU(flags, b.i32(number)), b.i32(1));

/** Even condition codes by number / 2, computed from the flags themselves. */
const general: readonly ((b: BlockBuilder, flags: Value) => Value)[] = [
  (b, flags) => flagBit(b, flags, bit.OF),
  (b, flags) => flagBit(b, flags, bit.CF),
  (b, flags) => flagBit(b, flags, bit.ZF),
  (b, flags) => b.truth(b.and(flags, b.i32((1 << bit.CF) | (1 << bit.ZF)))),
  (b, flags) => flagBit(b, flags, bit.SF),
  (b, flags) => flagBit(b, flags, bit.PF),
  (b, flags) => b.xor(flagBit(b, flags, bit.SF), flagBit(b, flags, bit.OF)),
  (b, flags) => b.or(b.xor(flagBit(b, flags, bit.SF), flagBit(b, flags, bit.OF)), flagBit(b, flags, bit.ZF)),
];

/** An i32, 0 or 1: whether condition `code` (0 to 15, as Jcc encodes it; SDM 1, appendix B) holds. */
export function condition(b: BlockBuilder, code: number): Value {
  const test = code >> 1;
  const fast = b.flags === null ? null : known[test](b, b.flags);
  const holds = fast ?? general[test](b, givenFlags(b) ?? b.allFlags());
  return (code & 1) === 0 ? holds : b.eqz(holds);
}

/** The flags themselves, if they are known as such. */
function givenFlags({ flags }: BlockBuilder): Value | null {
  return flags?.kind === "bits" && flags.carry === null && flags.overflow === null ? flags.a : null;
}

/** The carry flag as an i32, 0 or 1. */
export function carryFlag(b: BlockBuilder): Value {
  return condition(b, 2);
}
