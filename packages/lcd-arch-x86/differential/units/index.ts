import { type KindName, kinds } from "../kinds";
import { sseUnits, x87Units } from "./fx";
import { integerUnits } from "./integer";
import { segmentUnits } from "./segments";
import type { Unit } from "./unit";

export { flagWriters, integerUnits, simple } from "./integer";
export type { Unit } from "./unit";

const legacyUnits = [...integerUnits, ...segmentUnits, ...segmentUnits];

/** The prepared sequences for cases of a kind; perhaps none. */
export function unitsOf(kind: KindName): readonly Unit[] {
  const { set, bits } = kinds[kind];
  switch (set) {
    case "integer":
      return bits === 64 ? integerUnits : legacyUnits;
    case "x87":
      return x87Units;
    case "sse":
      return sseUnits;
    default:
      return [];
  }
}
