import { add, type BinaryOperation, divide, multiply, sqrt, subtract } from "../float/arithmetic";
import { roundToIntegral } from "../float/integer";
import { noteDenormals } from "../float/operands";
import type { Real } from "../float/real";
import { remainder } from "../float/remainder";
import { extract, scale } from "../float/scale";
import type { Fpu } from "./fpu";
import { float32Format, float64Format, integerFormat, type MemoryFormat } from "./operand";
import type { FpuOperation, FpuOperations } from "./operation";
import { StatusWord } from "./words";

const { C0, C1, C2, C3 } = StatusWord;

const reversed =
  (operation: BinaryOperation): BinaryOperation =>
  (a, b, out, env) =>
    operation(b, a, out, env);

/** Stores the default NaN where a result would have gone: the answer to a masked stack fault. */
export function storeIndefinite(fpu: Fpu, i: number): void {
  fpu.out.setIndefinite();
  fpu.store(i, fpu.out);
}

/**
 * Whether the first registers of the stack, one or two, are there, for an instruction that replaces ST(0). If not, the
 * stack fault is answered here: where it is masked, with the default NaN.
 */
export function hasOperands(fpu: Fpu, count: number): boolean {
  if (!fpu.isEmpty(0) && !fpu.isEmpty(count - 1)) {
    return true;
  }
  if (fpu.underflow()) {
    storeIndefinite(fpu, 0);
  }
  return false;
}

/**
 * Whether ST(0) is there and a register is free, for an instruction that replaces it and pushes. If not, the stack fault
 * is answered here: where it is masked, with two default NaNs.
 */
export function makesTwo(fpu: Fpu): boolean {
  if (!fpu.isEmpty(0) && fpu.isEmpty(7)) {
    return true;
  }
  if (fpu.isEmpty(0) ? fpu.underflow() : fpu.overflow()) {
    storeIndefinite(fpu, 0);
    fpu.push(fpu.out);
  }
  return false;
}

/** ST(destination) = ST(destination) operation ST(source), rounded as the control word says. */
const onRegisters =
  (operation: BinaryOperation, toTop: boolean, pops: boolean): FpuOperation =>
  (fpu, i) => {
    const [destination, source] = toTop ? [0, i] : [i, 0];
    const env = fpu.begin();
    if (fpu.isEmpty(0) || fpu.isEmpty(i)) {
      if (!fpu.underflow()) {
        return;
      }
      storeIndefinite(fpu, destination);
    } else {
      fpu.load(destination, fpu.a);
      fpu.load(source, fpu.b);
      operation(fpu.a, fpu.b, fpu.out, env);
      fpu.round(fpu.out, env.precision);
      if (!fpu.settle()) {
        return;
      }
      fpu.store(destination, fpu.out);
    }
    if (pops) {
      fpu.pop();
    }
  };

/** ST(0) = ST(0) operation memory. */
const onMemory =
  (operation: BinaryOperation, format: MemoryFormat): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    if (!hasOperands(fpu, 1)) {
      return;
    }
    fpu.load(0, fpu.a);
    format.read(fpu.words, fpu.b);
    operation(fpu.a, fpu.b, fpu.out, env);
    fpu.round(fpu.out, env.precision);
    if (fpu.settle()) {
      fpu.store(0, fpu.out);
    }
  };

const binaryOperations: Readonly<Record<string, BinaryOperation>> = {
  add,
  mul: multiply,
  sub: subtract,
  subr: reversed(subtract),
  div: divide,
  divr: reversed(divide),
};

/** The kinds of operand in memory that arithmetic and compare instructions have. */
export const memoryFormats: Readonly<Record<string, MemoryFormat>> = {
  m32: float32Format,
  m64: float64Format,
  i16: integerFormat(16),
  i32: integerFormat(32),
};

const binary: FpuOperations = Object.fromEntries(
  Object.entries(binaryOperations).flatMap(([name, operation]) => [
    [`${name} top`, onRegisters(operation, true, false)],
    [`${name} sti`, onRegisters(operation, false, false)],
    [`${name} pop`, onRegisters(operation, false, true)],
    ...Object.entries(memoryFormats).map(([kind, format]) => [`${name} ${kind}`, onMemory(operation, format)] as const),
  ]),
);

/** ST(0) from ST(0) alone, or from ST(0) and ST(1), which is read only. */
export const onTop =
  (compute: (fpu: Fpu) => Real, operands = 1): FpuOperation =>
  (fpu) => {
    fpu.begin();
    if (!hasOperands(fpu, operands)) {
      return;
    }
    fpu.load(0, fpu.a);
    if (operands === 2) {
      fpu.load(1, fpu.b);
    }
    const result = compute(fpu);
    if (fpu.settle()) {
      fpu.store(0, result);
    }
  };

/** FCHS and FABS: the sign of ST(0), whatever is in it. */
const onSign =
  (change: (signExponent: number) => number): FpuOperation =>
  (fpu) => {
    fpu.begin();
    if (!hasOperands(fpu, 1)) {
      return;
    }
    const at = fpu.placeOf(0);
    const { words } = fpu;
    fpu.storeBits(0, words[at], words[at + 1], change(words[at + 2]));
  };

/** FPREM and FPREM1: the quotient's low bits, 2 to 0, are C0, C3 and C1; an incomplete reduction sets C2. */
const partialRemainder =
  (nearest: boolean): FpuOperation =>
  (fpu) => {
    const env = fpu.begin();
    fpu.status &= ~C2;
    if (!hasOperands(fpu, 2)) {
      return;
    }
    fpu.load(0, fpu.a);
    fpu.load(1, fpu.b);
    const { complete, quotient } = remainder(fpu.a, fpu.b, nearest, fpu.out, env);
    fpu.round(fpu.out);
    if (!fpu.settle()) {
      return;
    }
    fpu.store(0, fpu.out);
    if (quotient === null) {
      return;
    }
    const bits = (quotient & 4 ? C0 : 0) | (quotient & 2 ? C3 : 0) | (quotient & 1 ? C1 : 0);
    fpu.setConditions(complete ? bits : C2);
  };

/** FXTRACT: the exponent takes the place of ST(0), and the significand is pushed. */
const extractParts: FpuOperation = (fpu) => {
  const env = fpu.begin();
  if (!makesTwo(fpu)) {
    return;
  }
  fpu.load(0, fpu.a);
  extract(fpu.a, fpu.out, fpu.second, env);
  if (fpu.settle()) {
    fpu.store(0, fpu.out);
    fpu.push(fpu.second);
  }
};

export const arithmeticOperations: FpuOperations = {
  ...binary,
  sqrt: onTop((fpu) => {
    sqrt(fpu.a, fpu.out, fpu.env);
    return fpu.round(fpu.out, fpu.env.precision);
  }),
  rndint: onTop((fpu) => {
    const { a, env } = fpu;
    noteDenormals(env, a);
    roundToIntegral(a, env.rounding, env);
    return a;
  }),
  scale: onTop((fpu) => {
    scale(fpu.a, fpu.b, fpu.out, fpu.env);
    return fpu.round(fpu.out);
  }, 2),
  prem: partialRemainder(false),
  prem1: partialRemainder(true),
  xtract: extractParts,
  chs: onSign((signExponent) => signExponent ^ 0x8000),
  abs: onSign((signExponent) => signExponent & 0x7fff),
};
