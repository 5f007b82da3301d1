import type { Value } from "../../ir";
import type { BlockBuilder } from "../builder";
import type { Lift } from "../operands";
import type { Numbers } from "./numbers";
import { isXmm, loadNumber, readVector, xmmNumber } from "./operands";

/** An operand of a floating-point instruction. */
export interface FloatOperand {
  /** What it is computed with: one number, or a vector. */
  readonly value: Value;
  /** What a callout is given: the whole register, or what was loaded. */
  readonly whole: Value;
}

/** The source: an XMM register, or a number or vector in memory. */
export function readFloat(lift: Lift, n: Numbers, operand: number): FloatOperand {
  if (!n.scalar) {
    const value = readVector(lift, operand);
    return { value, whole: value };
  }
  if (isXmm(lift, operand)) {
    return ofRegister(lift, n, xmmNumber(lift, operand));
  }
  const number = loadNumber(lift, n.size);
  return { value: number, whole: number };
}

/** An XMM register as an operand. */
export function ofRegister({ b }: Lift, n: Numbers, register: number): FloatOperand {
  const whole = b.xmm(register);
  return { value: n.scalar ? lowest(n.size, b, whole) : whole, whole };
}

/** The lowest numbers that have been read from vectors: each vector gives the same value again. */
const lowestOf = { 4: new WeakMap<Value, Value>(), 8: new WeakMap<Value, Value>() } as const;

/** The lowest number of a vector: what was put there, when that is known. */
export function lowest(size: 4 | 8, b: BlockBuilder, vector: Value): Value {
  const known = lowestOf[size].get(vector);
  if (known) {
    return known;
  }
  const shape = size === 4 ? "f32x4" : "f64x2";
  const wasPut = vector.operation === `${shape}.replace_lane` && vector.immediate === 0;
  const number = wasPut ? vector.operands[1] : b.lane(`${shape}.extract_lane`, 0, vector);
  lowestOf[size].set(vector, number);
  return number;
}

/** The destination with its lowest number replaced, or a vector as it is. */
export function intoRegister(lift: Lift, n: Numbers, old: Value, value: Value): Value {
  if (!n.scalar) {
    return value;
  }
  return value.type === "f32"
    ? lift.b.lane("f32x4.replace_lane", 0, old, value)
    : lift.b.lane("f64x2.replace_lane", 0, old, value);
}
