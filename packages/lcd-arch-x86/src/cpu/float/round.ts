import { type FloatEnv, FloatException, Rounding } from "./environment";
import type { Format } from "./format";
import { Kind, type Real } from "./real";

const { OE, UE, PE } = FloatException;
const TOP = 0x80000000 | 0;

/** Bias of unmasked results in x87 registers (SDM 1, "Numeric Overflow Exception (#O)"). */
const UNMASKED_BIAS = 24576;

/** Whether the significand is cut down to its bits (0) or counted up (1) by what is below its last one. */
function increments(rounding: Rounding, negative: boolean, odd: boolean, half: boolean, below: boolean): boolean {
  switch (rounding) {
    case Rounding.nearest:
      return half && (below || odd);
    case Rounding.down:
      return negative && (half || below);
    case Rounding.up:
      return !negative && (half || below);
    case Rounding.zero:
      return false;
  }
}

/** Adds to the 64-bit significand; a carry out of it makes it 2^63 and counts the exponent up. */
function countUp(x: Real, high: number, low: number): void {
  const sum = (x.low >>> 0) + low;
  const top = (x.high >>> 0) + high + (sum > 0xffffffff ? 1 : 0);
  x.low = sum | 0;
  x.high = top | 0;
  if (top > 0xffffffff) {
    x.high = TOP;
    x.exponent++;
  }
}

/**
 * Rounds the significand to its `precision` top bits, whether the first of them is set or not. The rest is 0 afterwards.
 *
 * @returns whether that changed the value; then `env.roundedUp` says in which direction
 */
export function roundSignificand(x: Real, precision: number, rounding: Rounding, env: FloatEnv): boolean {
  const { high, low, rest } = x;
  let odd: boolean;
  let half: boolean;
  let below: boolean;
  switch (precision) {
    case 64:
      odd = (low & 1) !== 0;
      half = rest < 0;
      below = rest << 1 !== 0;
      break;
    case 53:
      odd = (low & 0x800) !== 0;
      half = (low & 0x400) !== 0;
      below = (low & 0x3ff) !== 0 || rest !== 0;
      x.low &= ~0x7ff;
      break;
    default:
      odd = (high & 0x100) !== 0;
      half = (high & 0x80) !== 0;
      below = (high & 0x7f) !== 0 || low !== 0 || rest !== 0;
      x.high &= ~0xff;
      x.low = 0;
      break;
  }
  x.rest = 0;
  const up = increments(rounding, x.negative, odd, half, below);
  if (up) {
    const unit = precision === 64 ? 1 : precision === 53 ? 0x800 : 0;
    countUp(x, unit === 0 ? 0x100 : 0, unit);
  }
  const inexact = half || below;
  if (inexact) {
    env.roundedUp = up;
  }
  return inexact;
}

/**
 * Makes an exact result one of a format: rounds it, and raises overflow, underflow and precision as the environment's
 * masks say (SDM 1, "Floating-Point Exception Conditions"). Afterwards it can be packed: a denormal number has the
 * smallest exponent and a clear top bit. Nothing is done when an earlier exception has stopped the operation.
 *
 * @param toRegister an x87 result for a register: unmasked overflow and underflow bias its exponent
 * @param precision bits to round to, if fewer than the format has
 */
export function finish(
  x: Real,
  format: Format,
  env: FloatEnv,
  toRegister = false,
  precision: number = format.precision,
): void {
  if (x.kind !== Kind.finite || env.stopped) {
    return;
  }
  const { exponent, high, low, rest } = x;
  const inexact = roundSignificand(x, precision, env.rounding, env);
  if (x.exponent > format.maxExponent) {
    overflow(x, format, env, inexact, toRegister, precision);
  } else if (x.exponent >= format.minExponent) {
    env.flags |= inexact ? PE : 0;
  } else if ((env.masks & UE) === 0) {
    // Tiny is reason enough, exact or not.
    env.flags |= UE;
    unmasked(x, format, env, inexact, toRegister ? UNMASKED_BIAS : 0);
  } else if (env.ftz) {
    env.flags |= UE | PE;
    x.setZero(x.negative);
  } else {
    // The exact result again, rounded where the format's smallest exponent puts the last bit.
    x.setSignificand(high, low, rest);
    x.shiftRight(format.minExponent - exponent);
    x.exponent = format.minExponent;
    env.flags |= roundSignificand(x, precision, env.rounding, env) ? UE | PE : 0;
    if (x.high === 0 && x.low === 0) {
      x.kind = Kind.zero;
    }
  }
}

function overflow(
  x: Real,
  format: Format,
  env: FloatEnv,
  inexact: boolean,
  toRegister: boolean,
  precision: number,
): void {
  if ((env.masks & OE) === 0) {
    env.flags |= OE;
    unmasked(x, format, env, inexact, toRegister ? -UNMASKED_BIAS : 0);
    return;
  }
  env.flags |= OE | PE;
  const { negative } = x;
  // Infinity, except where the direction of rounding is towards the numbers.
  env.roundedUp = increments(env.rounding, negative, true, true, true);
  if (env.roundedUp) {
    x.setInfinity(negative);
    return;
  }
  x.exponent = format.maxExponent;
  x.setSignificand(-1, -1, 0);
  // The largest number of the precision: all its bits set.
  if (precision === 53) {
    x.low &= ~0x7ff;
  } else if (precision === 24) {
    x.setSignificand(~0xff, 0, 0);
  }
}

/**
 * The result of an unmasked overflow or underflow: with a biased exponent in an x87 register, and none that counts
 * elsewhere. There the x87 unit reports no precision exception (SDM 1, "Inexact-Result (Precision) Exception (#P)").
 */
function unmasked(x: Real, format: Format, env: FloatEnv, inexact: boolean, bias: number): void {
  const reports = inexact && (bias !== 0 || !env.x87);
  env.flags |= reports ? PE : 0;
  env.roundedUp = env.roundedUp && reports;
  x.exponent += bias;
  // FSCALE can go further than the bias reaches: infinity or zero then.
  if (x.exponent > format.maxExponent && bias !== 0) {
    env.flags |= PE;
    env.roundedUp = true;
    x.setInfinity(x.negative);
  } else if (x.exponent < format.minExponent && bias !== 0) {
    env.flags |= PE;
    env.roundedUp = false;
    x.setZero(x.negative);
  }
}
