import { formsOf } from "../forms/index";
import { type KindName, kinds } from "../kinds";
import { withAlignmentCheck } from "./alignment";
import { sseUnits, x87Units } from "./fx";
import { integerUnits } from "./integer";
import { interruptReturn } from "./interrupt-return";
import { segmentUnits } from "./segments";
import type { Unit } from "./unit";

export { flagWriters, integerUnits, simple } from "./integer";
export type { Unit } from "./unit";

const longUnits = [...integerUnits, interruptReturn];
const legacyUnits = [...longUnits, ...segmentUnits, ...segmentUnits];

/** The prepared sequences for cases of a kind; perhaps none. */
export function unitsOf(kind: KindName): readonly Unit[] {
  const { set, bits } = kinds[kind];
  switch (set) {
    case "integer": {
      const units = bits === 64 ? longUnits : legacyUnits;
      return [...units, withAlignmentCheck(formsOf(kind), units)];
    }
    case "x87":
      // Last, because the other units write over what FNSTENV stores, with words that are not aligned.
      return [...x87Units, { ...withAlignmentCheck(formsOf(kind), []), last: true }];
    case "sse":
      // Without: "#AC may or may not be generated (depending on processor implementation)" (SDM 2, MOVUPS, MOVDQU).
      return sseUnits;
    default:
      return [];
  }
}
