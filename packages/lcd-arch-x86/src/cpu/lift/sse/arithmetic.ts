import { Mnemonic } from "iced-x86";
import type { PureOperation, Value } from "../../ir";
import { addSub, arithmetic, type BySuffix, dot, type Suffix } from "../../sse/arithmetic";
import type { BlockBuilder } from "../builder";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { type FloatOperand, intoRegister, ofRegister, readFloat } from "./floats";
import { type Numbers, numbers } from "./numbers";
import { call, readVector, sse, xmmNumber } from "./operands";
import { comparable, ordinaryProduct, ordinaryQuotient, ordinaryRoot, ordinarySum, plainOr } from "./ordinary";

/** What WebAssembly makes of two operands, and when that is what SSE does. */
interface Fast {
  readonly result: Value;
  /** An i32 that is not 0 when there is no flag to set, or only one that is set. */
  readonly ordinary: Value;
  /** Operands of a result that has to be rounded; null: it is one of them. */
  readonly rounded: readonly Value[] | null;
}

type FastOperation = (n: Numbers, b: BlockBuilder, x: Value, y: Value) => Fast;

const sum =
  (name: "add" | "sub"): FastOperation =>
  (n, b, x, y) => {
    const result = n.float(b, name, x, y);
    return { result, ordinary: ordinarySum(n, b, x, y, result), rounded: [x, y] };
  };

const product: FastOperation = (n, b, x, y) => {
  const result = n.float(b, "mul", x, y);
  return { result, ordinary: ordinaryProduct(n, b, x, y, result), rounded: [x, y] };
};

const quotient: FastOperation = (n, b, x, y) => {
  const result = n.float(b, "div", x, y);
  return { result, ordinary: ordinaryQuotient(n, b, [x, y], result), rounded: [x, y] };
};

const root: FastOperation = (n, b, _, y) => {
  const result = n.float(b, "sqrt", y);
  return { result, ordinary: ordinaryRoot(n, b, y, result), rounded: [y] };
};

/** MIN and MAX: the first operand if it compares so, else the second. */
const extreme =
  (name: "lt" | "gt"): FastOperation =>
  (n, b, x, y) => {
    const first = n.float(b, name, x, y);
    const select: PureOperation = n.scalar ? (n.size === 4 ? "f32.select" : "f64.select") : "v128.bitselect";
    return { result: b.pure(select, x, y, first), ordinary: comparable(n, b, x, y), rounded: null };
  };

/** An instruction that takes the number or vector of two operands. */
function computed(
  lift: Lift,
  n: Numbers,
  fast: FastOperation,
  callout: number,
  x: FloatOperand,
  y: FloatOperand,
): Value {
  const { b } = lift;
  const { result, ordinary, rounded } = fast(n, b, x.value, y.value);
  const wholes = [x.whole, y.whole];
  const value =
    rounded === null
      ? b.guarded(b.eqz(ordinary), result, callout, wholes)
      : plainOr(n, b, result, ordinary, rounded, callout, wholes);
  return intoRegister(lift, n, x.whole, value);
}

const binary =
  (suffix: Suffix, fast: FastOperation, callouts: BySuffix): LiftFunction =>
  (lift) => {
    const n = numbers[suffix];
    const register = xmmNumber(lift, 0);
    const source = readFloat(lift, n, 1);
    const destination = ofRegister(lift, n, register);
    lift.b.setXmm(register, computed(lift, n, fast, callouts[suffix], destination, source));
  };

/** Numbers of both operands at even and at odd places, the destination's first. */
const places = {
  ps: [
    [0, 2, 4, 6],
    [1, 3, 5, 7],
  ],
  pd: [
    [0, 2],
    [1, 3],
  ],
} as const;

/** HADDPx and HSUBPx: neighbours added or subtracted. */
const horizontal =
  (suffix: "ps" | "pd", fast: FastOperation, callouts: BySuffix): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const source = readVector(lift, 1);
    const register = xmmNumber(lift, 0);
    const old = b.xmm(register);
    const [even, odd] = places[suffix].map((list) => {
      const bytes = list.flatMap((place) => Array.from({ length: n.size }, (_, byte) => place * n.size + byte));
      const value = b.shuffle(old, source, bytes);
      return { value, whole: value };
    });
    b.setXmm(register, computed(lift, n, fast, callouts[suffix], even, odd));
  };

/** Signs of the lanes at even places. */
const evenSigns = { ps: 0x80000000_00000000_80000000n, pd: 1n << 63n } as const;

/** ADDSUBPx: subtracting is adding the number with the other sign, where there is no NaN. */
const alternating =
  (suffix: "ps" | "pd"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const source = readVector(lift, 1);
    const register = xmmNumber(lift, 0);
    const old = b.xmm(register);
    const signed = b.pure("v128.xor", source, b.v128(evenSigns[suffix]));
    const { result, ordinary } = sum("add")(n, b, old, signed);
    b.setXmm(register, plainOr(n, b, result, ordinary, [old, signed], addSub[suffix], [old, source]));
  };

/** DPPS and DPPD. */
const dotProduct =
  (suffix: "ps" | "pd"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const source = readVector(lift, 1);
    const register = xmmNumber(lift, 0);
    const immediate = b.i32(Number(lift.immediate(2)));
    b.setXmm(register, call(lift, dot[suffix], [b.xmm(register), source, immediate]));
  };

const suffixes: readonly Suffix[] = ["ss", "sd", "ps", "pd"];

/** Instructions in the order of `suffixes`. */
const families = [
  [[Mnemonic.Addss, Mnemonic.Addsd, Mnemonic.Addps, Mnemonic.Addpd], sum("add"), arithmetic.add],
  [[Mnemonic.Subss, Mnemonic.Subsd, Mnemonic.Subps, Mnemonic.Subpd], sum("sub"), arithmetic.sub],
  [[Mnemonic.Mulss, Mnemonic.Mulsd, Mnemonic.Mulps, Mnemonic.Mulpd], product, arithmetic.mul],
  [[Mnemonic.Divss, Mnemonic.Divsd, Mnemonic.Divps, Mnemonic.Divpd], quotient, arithmetic.div],
  [[Mnemonic.Sqrtss, Mnemonic.Sqrtsd, Mnemonic.Sqrtps, Mnemonic.Sqrtpd], root, arithmetic.sqrt],
  [[Mnemonic.Minss, Mnemonic.Minsd, Mnemonic.Minps, Mnemonic.Minpd], extreme("lt"), arithmetic.min],
  [[Mnemonic.Maxss, Mnemonic.Maxsd, Mnemonic.Maxps, Mnemonic.Maxpd], extreme("gt"), arithmetic.max],
] as const;

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  ...families.flatMap(([mnemonics, fast, callouts]) =>
    suffixes.map((suffix, at) => [mnemonics[at], binary(suffix, fast, callouts)] as const),
  ),
  [Mnemonic.Haddps, horizontal("ps", sum("add"), arithmetic.add)],
  [Mnemonic.Haddpd, horizontal("pd", sum("add"), arithmetic.add)],
  [Mnemonic.Hsubps, horizontal("ps", sum("sub"), arithmetic.sub)],
  [Mnemonic.Hsubpd, horizontal("pd", sum("sub"), arithmetic.sub)],
  [Mnemonic.Addsubps, alternating("ps")],
  [Mnemonic.Addsubpd, alternating("pd")],
  [Mnemonic.Dpps, dotProduct("ps")],
  [Mnemonic.Dppd, dotProduct("pd")],
];

/** Floating-point arithmetic on XMM registers. */
export const sseArithmetic: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
