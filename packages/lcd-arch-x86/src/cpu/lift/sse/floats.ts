import type { Value } from "../../ir";
import type { Lift } from "../operands";
import { asFloat, type Numbers } from "./numbers";
import { isXmm, readLow, readVector, xmmNumber } from "./operands";

/** An operand of a floating-point instruction. */
export interface FloatOperand {
  /** What it is computed with: one number, or a vector. */
  readonly value: Value;
  /** What a callout is given: the whole register, or what was loaded. */
  readonly whole: Value;
}

/** The source: an XMM register, or a number or vector in memory. */
export function readFloat(lift: Lift, n: Numbers, operand: number): FloatOperand {
  const { b } = lift;
  if (!n.scalar) {
    const value = readVector(lift, operand);
    return { value, whole: value };
  }
  if (isXmm(lift, operand)) {
    return ofRegister(lift, n, xmmNumber(lift, operand));
  }
  const bits = readLow(lift, operand, n.size);
  return { value: asFloat(b, bits), whole: bits };
}

/** An XMM register as an operand. */
export function ofRegister({ b }: Lift, n: Numbers, register: number): FloatOperand {
  const whole = b.xmm(register);
  return { value: n.scalar ? lowest(n, b, whole) : whole, whole };
}

const lowest = (n: Numbers, b: Lift["b"], whole: Value): Value =>
  n.size === 4 ? b.lane("f32x4.extract_lane", 0, whole) : b.lane("f64x2.extract_lane", 0, whole);

/** The destination with its lowest number replaced, or a vector as it is. */
export function intoRegister(lift: Lift, n: Numbers, old: Value, value: Value): Value {
  if (!n.scalar) {
    return value;
  }
  return value.type === "f32"
    ? lift.b.lane("f32x4.replace_lane", 0, old, value)
    : lift.b.lane("f64x2.replace_lane", 0, old, value);
}
