import type { FloatEnv, Rounding } from "../float/environment";
import { binary32, binary64, type Format, pack32, pack64High, pack64Low, unpack32, unpack64 } from "../float/format";
import { convert, fromInteger, toInteger } from "../float/integer";
import type { Real } from "../float/real";
import { finish } from "../float/round";
import type { CpuState } from "../state";

/**
 * Operands in memory. Translated code has loaded one to `operand` in the state, 64 bits and what is above them, before it
 * calls for the operation; a result for memory is left there.
 */

/** A format that numbers have in memory. */
export interface MemoryFormat {
  /** Reads the operand. */
  read(state: CpuState, into: Real): void;
  /** Converts a number, with what that raises; it is taken apart. */
  convert(x: Real, env: FloatEnv): void;
  /** Writes what was converted. */
  write(state: CpuState, x: Real): void;
}

/** The number rounded to a format of memory. A denormal one is not reported: stores do not raise #D. */
function narrow(x: Real, format: Format, env: FloatEnv): void {
  x.denormal = false;
  convert(x, env);
  finish(x, format, env);
}

const writeHalves = (state: CpuState, x: Real): void => state.setHalves("operand", x.low, x.high);

/** A signed integer. FISTTP has a rounding of its own. */
export const integerFormat = (bits: 16 | 32 | 64, rounding?: Rounding): MemoryFormat => ({
  read: (state, into) => {
    const low = state.low("operand") | 0;
    switch (bits) {
      case 16:
        fromInteger((low << 16) >> 16, (low << 16) >> 31, into);
        break;
      case 32:
        fromInteger(low, low >> 31, into);
        break;
      case 64:
        fromInteger(low, state.high("operand") | 0, into);
        break;
    }
  },
  convert: (x, env) => toInteger(x, bits, rounding ?? env.rounding, env),
  write: writeHalves,
});

export const float32Format: MemoryFormat = {
  read: (state, into) => unpack32(state.low("operand"), into),
  convert: (x, env) => narrow(x, binary32, env),
  write: (state, x) => state.setHalves("operand", pack32(x), 0),
};

export const float64Format: MemoryFormat = {
  read: (state, into) => unpack64(state.low("operand"), state.high("operand"), into),
  convert: (x, env) => narrow(x, binary64, env),
  write: (state, x) => state.setHalves("operand", pack64Low(x), pack64High(x)),
};
