import { type FloatEnv, Relation, type Rounding } from "../float/index";
import type { CpuState } from "../state";
import { DESTINATION, doubles, immediateOf, type Lanes, SOURCE, set32, singles } from "./lanes";
import { defineSse, type SseOperation } from "./operation";

/** Suffixes of instructions: one number or a vector of them, in single or double precision. */
export type Suffix = "ss" | "sd" | "ps" | "pd";

/** The callouts of an operation. */
export type BySuffix = Readonly<Record<Suffix, number>>;

/** Computes a lane's result; `immediate` is the instruction's, if it has one. */
type LaneOperation = <Bits extends number | bigint>(
  lanes: Lanes<Bits>,
  a: Bits,
  b: Bits,
  env: FloatEnv,
  immediate: number,
) => Bits;

function lanewise<Bits extends number | bigint>(
  lanes: Lanes<Bits>,
  count: number,
  compute: LaneOperation,
): SseOperation {
  return (state, env) => {
    const immediate = immediateOf(state);
    for (let lane = 0; lane < count; lane++) {
      const a = lanes.get(state, DESTINATION, lane);
      const b = lanes.get(state, SOURCE, lane);
      lanes.set(state, lane, compute(lanes, a, b, env, immediate));
    }
  };
}

const define = (name: string, compute: LaneOperation): BySuffix => ({
  ss: defineSse(`${name}ss`, lanewise(singles, 1, compute)),
  sd: defineSse(`${name}sd`, lanewise(doubles, 1, compute)),
  ps: defineSse(`${name}ps`, lanewise(singles, singles.count, compute)),
  pd: defineSse(`${name}pd`, lanewise(doubles, doubles.count, compute)),
});

/** ROUNDxx's immediate (SDM 2B, "ROUNDPD"): a rounding mode, ... */
const ROUNDING_MODE = 3;
/** ... MXCSR's instead of it, ... */
export const ROUND_AS_MXCSR = 1 << 2;
/** ... and that PE is not to be reported. */
export const ROUND_QUIETLY = 1 << 3;

/** The relations that each of CMPxx's predicates 0 to 3 asks for: EQ, LT, LE, UNORD. 4 to 7 are their opposites. */
const predicates: readonly (readonly Relation[])[] = [
  [Relation.equal],
  [Relation.less],
  [Relation.less, Relation.equal],
  [Relation.unordered],
];
export const OPPOSITE = 4;

/** LT and LE, and their opposites: quiet NaNs are invalid. */
const signalsQuiet = (predicate: number): boolean => (predicate & 3) === 1 || (predicate & 3) === 2;

/** Callouts for arithmetic, by operation and suffix. */
export const arithmetic = {
  add: define("add", ({ float }, a, b, env) => float.add(a, b, env)),
  sub: define("sub", ({ float }, a, b, env) => float.sub(a, b, env)),
  mul: define("mul", ({ float }, a, b, env) => float.mul(a, b, env)),
  div: define("div", ({ float }, a, b, env) => float.div(a, b, env)),
  min: define("min", ({ float }, a, b, env) => float.min(a, b, env)),
  max: define("max", ({ float }, a, b, env) => float.max(a, b, env)),
  sqrt: define("sqrt", ({ float }, _, b, env) => float.sqrt(b, env)),
  round: define("round", ({ float }, _, b, env, immediate) => {
    const rounding = immediate & ROUND_AS_MXCSR ? env.rounding : ((immediate & ROUNDING_MODE) as Rounding);
    return float.round(b, rounding, env, (immediate & ROUND_QUIETLY) === 0);
  }),
  compare: define("cmp", ({ float, none, all }, a, b, env, predicate) => {
    const relation = float.compare(a, b, env, signalsQuiet(predicate));
    const holds = predicates[predicate & 3].includes(relation) !== ((predicate & OPPOSITE) !== 0);
    return holds ? all : none;
  }),
} as const;

/** ADDSUBPx: even lanes are subtracted, odd ones added. */
const alternating =
  <Bits extends number | bigint>(lanes: Lanes<Bits>): SseOperation =>
  (state, env) => {
    for (let lane = 0; lane < lanes.count; lane++) {
      const a = lanes.get(state, DESTINATION, lane);
      const b = lanes.get(state, SOURCE, lane);
      lanes.set(state, lane, lane % 2 === 0 ? lanes.float.sub(a, b, env) : lanes.float.add(a, b, env));
    }
  };

export const addSub = {
  ps: defineSse("addsubps", alternating(singles)),
  pd: defineSse("addsubpd", alternating(doubles)),
} as const;

/** ZF, PF and CF as COMISx and UCOMISx set them (SDM 2A, "COMISD"). */
const flagsOfRelation: Readonly<Record<Relation, number>> = {
  [Relation.unordered]: 0x45,
  [Relation.greater]: 0,
  [Relation.less]: 1,
  [Relation.equal]: 0x40,
};

const comparing =
  <Bits extends number | bigint>(lanes: Lanes<Bits>, quietToo: boolean): SseOperation =>
  (state, env) => {
    const a = lanes.get(state, DESTINATION, 0);
    const relation = lanes.float.compare(a, lanes.get(state, SOURCE, 0), env, quietToo);
    set32(state, 0, flagsOfRelation[relation]);
  };

/** COMISx and UCOMISx: the result is the arithmetic flags. */
export const comi = {
  ss: defineSse("comiss", comparing(singles, true)),
  sd: defineSse("comisd", comparing(doubles, true)),
} as const;
export const ucomi = {
  ss: defineSse("ucomiss", comparing(singles, false)),
  sd: defineSse("ucomisd", comparing(doubles, false)),
} as const;

/**
 * DPPx: the products that bits 7:4 of the immediate choose, added, to the lanes that bits 3:0 choose. An exception that
 * is not masked ends it after the multiplications, or after the first additions (SDM 2A, "DPPS").
 */
const dotProduct =
  <Bits extends number | bigint>(lanes: Lanes<Bits>): SseOperation =>
  (state: CpuState, env: FloatEnv) => {
    const { float, count, none } = lanes;
    const immediate = immediateOf(state);
    let terms = Array.from({ length: count }, (_, lane) => {
      const chosen = (immediate >> (4 + lane)) & 1;
      return chosen ? float.mul(lanes.get(state, DESTINATION, lane), lanes.get(state, SOURCE, lane), env) : none;
    });
    while (terms.length > 1 && env.unmasked === 0) {
      const pairs: Bits[] = [];
      for (let at = 0; at < terms.length; at += 2) {
        pairs.push(float.add(terms[at], terms[at + 1], env));
      }
      terms = pairs;
    }
    for (let lane = 0; lane < count; lane++) {
      lanes.set(state, lane, (immediate >> lane) & 1 ? terms[0] : none);
    }
  };

export const dot = {
  ps: defineSse("dpps", dotProduct(singles)),
  pd: defineSse("dppd", dotProduct(doubles)),
} as const;
