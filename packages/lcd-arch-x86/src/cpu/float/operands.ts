import { type FloatEnv, FloatException } from "./environment";
import { quiet } from "./format";
import { Kind, type Real } from "./real";

const { IE, DE } = FloatException;

/** Whether an operand is a NaN or an encoding that x87 does not support: then the operation computes nothing. */
export const hasNoValue = (a: Real, b: Real = a): boolean => a.kind >= Kind.nan || b.kind >= Kind.nan;

/** The result of an invalid operation: the default NaN. */
export function invalid(out: Real, env: FloatEnv): void {
  env.flags |= IE;
  out.setIndefinite();
}

/** Raises the denormal-operand exception for the operands that it is for. */
export function noteDenormals(env: FloatEnv, a: Real, b: Real = a): void {
  if (a.denormal || b.denormal) {
    env.flags |= DE;
  }
}

/**
 * The result of an operation of which an operand has no value: one of the NaNs, quiet (SDM 1, "Rules for Handling
 * NaNs"). Signaling ones and unsupported encodings are invalid operands.
 */
export function propagate(a: Real, b: Real, out: Real, env: FloatEnv): void {
  if (a.kind === Kind.unsupported || b.kind === Kind.unsupported) {
    invalid(out, env);
    return;
  }
  if (a.signaling || b.signaling) {
    env.flags |= IE;
  }
  out.copy(env.x87 ? x87Winner(a, b) : a.kind === Kind.nan ? a : b);
  quiet(out);
}

/** x87: a quiet NaN wins against a signaling one, else the larger significand, else the positive one. */
function x87Winner(a: Real, b: Real): Real {
  if (a.kind !== Kind.nan || b.kind !== Kind.nan) {
    return a.kind === Kind.nan ? a : b;
  }
  if (a.signaling !== b.signaling) {
    return a.signaling ? b : a;
  }
  const order = a.compareSignificand(b);
  return order > 0 || (order === 0 && !a.negative) ? a : b;
}
