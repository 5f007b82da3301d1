import { Mnemonic } from "iced-x86";
import type { Value } from "../../ir";
import { arithmetic, comi, OPPOSITE, type Suffix, ucomi } from "../../sse/arithmetic";
import type { BlockBuilder } from "../builder";
import type { LiftFunction, LiftTable } from "../table";
import { ofRegister, readFloat } from "./floats";
import { type Numbers, numbers } from "./numbers";
import { sse, withLow, xmmNumber } from "./operands";
import { comparable } from "./ordinary";

/** Where CF and ZF are in RFLAGS. */
const ZF_BIT = 6;

/** COMISx and UCOMISx: of two numbers that have an order, ZF and CF say it, and PF is 0. */
const toFlags =
  (suffix: "ss" | "sd", callouts: Readonly<Record<"ss" | "sd", number>>): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const y = readFloat(lift, n, 1);
    const x = ofRegister(lift, n, xmmNumber(lift, 0));
    const equal = n.float(b, "eq", x.value, y.value);
    const flags = b.or(b.shl(equal, b.i32(ZF_BIT)), n.float(b, "lt", x.value, y.value));
    const slow = b.eqz(comparable(n, b, x.value, y.value));
    b.setAllFlags(b.guarded(slow, flags, callouts[suffix], [x.whole, y.whole]));
  };

/** What CMPxx's predicates 0 to 3 are for numbers that have an order: UNORD is false then. */
const relations = ["eq", "lt", "le", "ne"] as const;
const UNORDERED = 3;

function holds(n: Numbers, b: BlockBuilder, predicate: number, x: Value, y: Value): Value {
  const relation = predicate & ~OPPOSITE;
  const truth = n.float(b, relations[relation], x, relation === UNORDERED ? x : y);
  if ((predicate & OPPOSITE) === 0) {
    return truth;
  }
  return n.scalar ? b.eqz(truth) : b.pure("v128.not", truth);
}

const PREDICATES = 7;

/** CMPxx: all bits of an element where the predicate holds, else none. */
const toMask =
  (suffix: Suffix): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const register = xmmNumber(lift, 0);
    const y = readFloat(lift, n, 1);
    const x = ofRegister(lift, n, register);
    const predicate = Number(lift.immediate(2)) & PREDICATES;
    const truth = holds(n, b, predicate, x.value, y.value);
    const result = n.scalar ? withLow(lift, x.whole, b.sub(b.constant(n.bits, 0), widened(n, b, truth))) : truth;
    const slow = b.eqz(comparable(n, b, x.value, y.value));
    const operands = [x.whole, y.whole, b.i32(predicate)];
    b.setXmm(register, b.guarded(slow, result, arithmetic.compare[suffix], operands));
  };

const widened = (n: Numbers, b: BlockBuilder, truth: Value): Value => (n.size === 4 ? truth : b.extendU(truth));

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Comiss, toFlags("ss", comi)],
  [Mnemonic.Comisd, toFlags("sd", comi)],
  [Mnemonic.Ucomiss, toFlags("ss", ucomi)],
  [Mnemonic.Ucomisd, toFlags("sd", ucomi)],
  [Mnemonic.Cmpss, toMask("ss")],
  [Mnemonic.Cmpsd, toMask("sd")],
  [Mnemonic.Cmpps, toMask("ps")],
  [Mnemonic.Cmppd, toMask("pd")],
];

/** Comparisons of floating-point numbers. */
export const sseComparisons: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
