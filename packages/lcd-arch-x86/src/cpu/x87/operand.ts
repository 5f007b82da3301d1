import type { FloatEnv, Rounding } from "../float/environment";
import { binary32, binary64, type Format, pack32, pack64High, pack64Low, unpack32, unpack64 } from "../float/format";
import { convert, fromInteger, toInteger } from "../float/integer";
import type { Real } from "../float/real";
import { finish } from "../float/round";
import { Place } from "./places";

/**
 * Operands in memory. Translated code has loaded one to `Place.operand` before it
 * calls for the operation; a result for memory is left there.
 */

/** A format that numbers have in memory. */
export interface MemoryFormat {
  /** Reads the operand. */
  read(words: Uint32Array, into: Real): void;
  /** Converts a number, with what that raises; it is taken apart. */
  convert(x: Real, env: FloatEnv): void;
  /** Writes what was converted. */
  write(words: Uint32Array, x: Real): void;
}

/** The number rounded to a format of memory. A denormal one is not reported: stores do not raise #D. */
function narrow(x: Real, format: Format, env: FloatEnv): void {
  x.denormal = false;
  convert(x, env);
  finish(x, format, env);
}

function write(words: Uint32Array, low: number, high: number): void {
  words[Place.operand] = low;
  words[Place.operand + 1] = high;
}

/** A signed integer. FISTTP has a rounding of its own. */
export const integerFormat = (bits: 16 | 32 | 64, rounding?: Rounding): MemoryFormat => ({
  read: (words, into) => {
    const low = words[Place.operand] | 0;
    switch (bits) {
      case 16:
        fromInteger((low << 16) >> 16, (low << 16) >> 31, into);
        break;
      case 32:
        fromInteger(low, low >> 31, into);
        break;
      case 64:
        fromInteger(low, words[Place.operand + 1] | 0, into);
        break;
    }
  },
  convert: (x, env) => toInteger(x, bits, rounding ?? env.rounding, env),
  write: (words, x) => write(words, x.low, x.high),
});

export const float32Format: MemoryFormat = {
  read: (words, into) => unpack32(words[Place.operand], into),
  convert: (x, env) => narrow(x, binary32, env),
  write: (words, x) => write(words, pack32(x), 0),
};

export const float64Format: MemoryFormat = {
  read: (words, into) => unpack64(words[Place.operand], words[Place.operand + 1], into),
  convert: (x, env) => narrow(x, binary64, env),
  write: (words, x) => write(words, pack64Low(x), pack64High(x)),
};
