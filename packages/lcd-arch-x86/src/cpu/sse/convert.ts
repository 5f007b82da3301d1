import { type FloatEnv, Rounding } from "../float/index";
import type { CpuState } from "../state";
import { doubles, get32, get64, type Lanes, SOURCE, set32, set64, singles } from "./lanes";
import { defineSse, type SseOperation } from "./operation";

/** Converts lanes of the second operand. */
const each =
  (count: number, convert: (state: CpuState, lane: number, env: FloatEnv) => void): SseOperation =>
  (state, env) => {
    for (let lane = 0; lane < count; lane++) {
      convert(state, lane, env);
    }
  };

const singleToDouble = (state: CpuState, lane: number, env: FloatEnv): void =>
  set64(state, lane, doubles.float.from(singles.float, get32(state, SOURCE, lane), env));

const doubleToSingle = (state: CpuState, lane: number, env: FloatEnv): void =>
  set32(state, lane, singles.float.from(doubles.float, get64(state, SOURCE, lane), env));

const integerToSingle = (state: CpuState, lane: number, env: FloatEnv): void =>
  set32(state, lane, singles.float.fromInt32(get32(state, SOURCE, lane) | 0, env));

/** Clears the upper half of the result. */
function clearUpper(state: CpuState): void {
  set64(state, 1, 0n);
}

const narrowing =
  (convert: SseOperation): SseOperation =>
  (state, env) => {
    convert(state, env);
    clearUpper(state);
  };

/** To integers of 32 bits: as MXCSR rounds, or cut off. */
const toIntegers =
  <Bits extends number | bigint>(lanes: Lanes<Bits>, count: number, cut: boolean): SseOperation =>
  (state, env) => {
    const rounding = cut ? Rounding.zero : env.rounding;
    for (let lane = 0; lane < count; lane++) {
      set32(state, lane, lanes.float.toInt32(lanes.get(state, SOURCE, lane), env, rounding));
    }
  };

const toInteger64 =
  <Bits extends number | bigint>(lanes: Lanes<Bits>, cut: boolean): SseOperation =>
  (state, env) => {
    const rounding = cut ? Rounding.zero : env.rounding;
    set64(state, 0, lanes.float.toInt64(lanes.get(state, SOURCE, 0), env, rounding));
  };

/** A conversion as MXCSR rounds, and the one that cuts off. */
interface ToInteger {
  readonly rounded: number;
  readonly cut: number;
}

const defineToInteger = (name: string, operation: (cut: boolean) => SseOperation): ToInteger => ({
  rounded: defineSse(`cvt${name}`, operation(false)),
  cut: defineSse(`cvtt${name}`, operation(true)),
});

/** Callouts for conversions. Scalar ones change the result's lowest lane only. */
export const conversions = {
  ss2sd: defineSse("cvtss2sd", each(1, singleToDouble)),
  sd2ss: defineSse("cvtsd2ss", each(1, doubleToSingle)),
  ps2pd: defineSse("cvtps2pd", each(2, singleToDouble)),
  pd2ps: defineSse("cvtpd2ps", narrowing(each(2, doubleToSingle))),
  dq2ps: defineSse("cvtdq2ps", each(4, integerToSingle)),
  /** From two integers; the result's upper half stays. */
  pi2ps: defineSse("cvtpi2ps", each(2, integerToSingle)),
  si2ss: defineSse("cvtsi2ss", each(1, integerToSingle)),
  si64ToSs: defineSse("cvtsi2ss 64", (state, env) => {
    set32(state, 0, singles.float.fromInt64(get64(state, SOURCE, 0), env));
  }),
  si64ToSd: defineSse("cvtsi2sd 64", (state, env) => {
    set64(state, 0, doubles.float.fromInt64(get64(state, SOURCE, 0), env));
  }),
} as const;

/** Callouts for conversions to integers: of one number to 32 or 64 bits, and of vectors. */
export const integerConversions = {
  ss: {
    4: defineToInteger("ss2si", (cut) => toIntegers(singles, 1, cut)),
    8: defineToInteger("ss2si 64", (cut) => toInteger64(singles, cut)),
  },
  sd: {
    4: defineToInteger("sd2si", (cut) => toIntegers(doubles, 1, cut)),
    8: defineToInteger("sd2si 64", (cut) => toInteger64(doubles, cut)),
  },
  ps: defineToInteger("ps2dq", (cut) => toIntegers(singles, 4, cut)),
  pd: defineToInteger("pd2dq", (cut) => narrowing(toIntegers(doubles, 2, cut))),
  /** Of two numbers, for MMX registers. */
  pi: defineToInteger("ps2pi", (cut) => toIntegers(singles, 2, cut)),
} as const;
