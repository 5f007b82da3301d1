import { type FloatEnv, FloatException } from "./environment";
import { hasNoValue, noteDenormals } from "./operands";
import { Kind, type Real } from "./real";

/** How two numbers compare. */
export const Relation = { less: 0, equal: 1, greater: 2, unordered: 3 } as const;
export type Relation = (typeof Relation)[keyof typeof Relation];

/** Compares; a signaling NaN is invalid, and with `signalsQuiet` a quiet one, too. */
export function compare(a: Real, b: Real, env: FloatEnv, signalsQuiet: boolean): Relation {
  if (hasNoValue(a, b)) {
    const unsupported = a.kind === Kind.unsupported || b.kind === Kind.unsupported;
    env.flags |= signalsQuiet || unsupported || a.signaling || b.signaling ? FloatException.IE : 0;
    return Relation.unordered;
  }
  noteDenormals(env, a, b);
  const order = signedOrder(a, b);
  return order < 0 ? Relation.less : order > 0 ? Relation.greater : Relation.equal;
}

function signedOrder(a: Real, b: Real): number {
  if (a.kind === Kind.zero && b.kind === Kind.zero) {
    return 0;
  }
  if (a.kind === Kind.zero) {
    return b.negative ? 1 : -1;
  }
  if (b.kind === Kind.zero || a.negative !== b.negative) {
    return a.negative ? -1 : 1;
  }
  const order = a.kind === Kind.finite && b.kind === Kind.finite ? a.compareMagnitude(b) : a.kind - b.kind;
  return a.negative ? -order : order;
}
