import { add, type BinaryOperation, divide, multiply, sqrt, subtract } from "./arithmetic";
import { compare, Relation } from "./compare";
import { type FloatEnv, FloatException, type Rounding } from "./environment";
import { binary32, binary64, type Format, pack32, pack64High, pack64Low, unpack32, unpack64 } from "./format";
import { convert, fromInteger, roundToIntegral, toInteger } from "./integer";
import { Kind, Real } from "./real";
import { finish } from "./round";

/** How the bits of one of SSE's two formats are handed in and out. */
interface Encoding<Bits> {
  readonly format: Format;
  unpack(bits: Bits, into: Real): void;
  pack(x: Real): Bits;
}

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);

const joinHalves = (low: number, high: number): bigint => {
  halves[0] = low;
  halves[1] = high;
  return wide[0];
};

const splitHalves = (bits: bigint): Int32Array => {
  wide[0] = bits;
  return halves;
};

const encoding32: Encoding<number> = { format: binary32, unpack: unpack32, pack: (x) => pack32(x) >>> 0 };

const encoding64: Encoding<bigint> = {
  format: binary64,
  unpack: (bits, into) => {
    const [low, high] = splitHalves(bits);
    unpack64(low, high, into);
  },
  pack: (x) => BigInt.asUintN(64, joinHalves(pack64Low(x), pack64High(x))),
};

/**
 * Arithmetic of one format as SSE instructions do it (SDM 1, "Programming with Intel SSE"), on encodings: a number from 0
 * to 2^32 - 1 for binary32, a bigint from 0 to 2^64 - 1 for binary64 (signed ones are taken too).
 *
 * An instruction calls `env.loadMxcsr(mxcsr)`, an operation for each element, and looks at the environment: with
 * `env.unmasked` not 0 the results do not count; `env.reported` are the flags that MXCSR gets in any case.
 * The first operand is the instruction's destination: with two NaNs, it is the one that comes back.
 */
export class SseFloat<Bits extends number | bigint> {
  private readonly a = new Real();
  private readonly b = new Real();
  private readonly out = new Real();

  constructor(private readonly encoding: Encoding<Bits>) {}

  add(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.binary(add, a, b, env);
  }

  sub(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.binary(subtract, a, b, env);
  }

  mul(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.binary(multiply, a, b, env);
  }

  div(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.binary(divide, a, b, env);
  }

  sqrt(a: Bits, env: FloatEnv): Bits {
    this.load(a, this.a, env);
    sqrt(this.a, this.out, env);
    return this.result(this.out, env);
  }

  /** MIN: the second operand when the first is not less, so also when one is a NaN, or both are zeros. */
  min(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.select(a, b, Relation.less, env);
  }

  /** MAX: the second operand when the first is not greater. */
  max(a: Bits, b: Bits, env: FloatEnv): Bits {
    return this.select(a, b, Relation.greater, env);
  }

  /**
   * Compares. `signalsQuiet`: quiet NaNs are invalid, not signaling ones only: so compare COMISx, and CMPxx with the
   * predicates LT, LE, NLT and NLE.
   */
  compare(a: Bits, b: Bits, env: FloatEnv, signalsQuiet: boolean): Relation {
    this.load(a, this.a, env);
    this.load(b, this.b, env);
    return compare(this.a, this.b, env, signalsQuiet);
  }

  /** ROUNDxx: to an integer of the same format. PE is reported; `reportsPrecision` false leaves it out. */
  round(a: Bits, rounding: Rounding, env: FloatEnv, reportsPrecision = true): Bits {
    const { flags } = env;
    this.load(a, this.a, env);
    roundToIntegral(this.a, rounding, env);
    if (!reportsPrecision) {
      env.flags &= ~FloatException.PE | flags;
    }
    return this.encoding.pack(this.a);
  }

  /** To a signed 32-bit integer; what does not fit is invalid and gives -2^31. */
  toInt32(a: Bits, env: FloatEnv, rounding: Rounding = env.rounding): number {
    this.load(a, this.a, env);
    toInteger(this.a, 32, rounding, env);
    return this.a.low;
  }

  /** To a signed 64-bit integer; what does not fit is invalid and gives -2^63. */
  toInt64(a: Bits, env: FloatEnv, rounding: Rounding = env.rounding): bigint {
    this.load(a, this.a, env);
    toInteger(this.a, 64, rounding, env);
    return joinHalves(this.a.low, this.a.high);
  }

  /** From a signed 32-bit integer. */
  fromInt32(value: number, env: FloatEnv): Bits {
    fromInteger(value, value >> 31, this.out);
    return this.result(this.out, env);
  }

  /** From a signed 64-bit integer. */
  fromInt64(value: bigint, env: FloatEnv): Bits {
    const [low, high] = splitHalves(value);
    fromInteger(low, high, this.out);
    return this.result(this.out, env);
  }

  /** From the other format. */
  from<Other extends number | bigint>(other: SseFloat<Other>, a: Other, env: FloatEnv): Bits {
    other.load(a, this.out, env);
    convert(this.out, env);
    return this.result(this.out, env);
  }

  private binary(operation: BinaryOperation, a: Bits, b: Bits, env: FloatEnv): Bits {
    this.load(a, this.a, env);
    this.load(b, this.b, env);
    operation(this.a, this.b, this.out, env);
    return this.result(this.out, env);
  }

  private select(a: Bits, b: Bits, wanted: Relation, env: FloatEnv): Bits {
    this.load(a, this.a, env);
    this.load(b, this.b, env);
    const first = compare(this.a, this.b, env, true) === wanted;
    const chosen = first ? this.a : this.b;
    // A denormal operand that DAZ has made a zero comes back as one.
    return chosen.kind === Kind.zero ? this.encoding.pack(chosen) : first ? a : b;
  }

  private result(x: Real, env: FloatEnv): Bits {
    finish(x, this.encoding.format, env);
    return this.encoding.pack(x);
  }

  private load(bits: Bits, into: Real, { daz }: FloatEnv): void {
    this.encoding.unpack(bits, into);
    if (daz && into.denormal) {
      into.setZero(into.negative);
      into.denormal = false;
    }
  }
}

/** Single precision: encodings are numbers. */
export const float32 = new SseFloat(encoding32);
/** Double precision: encodings are bigints. */
export const float64 = new SseFloat(encoding64);
