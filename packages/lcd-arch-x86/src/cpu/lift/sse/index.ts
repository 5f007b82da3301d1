import type { LiftTable } from "../table";
import { sseArithmetic } from "./arithmetic";
import { sseComparisons } from "./compare";
import { sseControl } from "./control";
import { sseConversions, sseConversionsToGeneral } from "./convert";
import { sseMoves } from "./moves";
import { ssePacked } from "./packed";
import { sseRounding } from "./round";
import { sseShifts } from "./shifts";
import { sseShuffles } from "./shuffles";

/** SSE to SSE4.2 instructions with an XMM register. */
export const sseInstructions: LiftTable = [
  ...sseArithmetic,
  ...sseComparisons,
  ...sseConversions,
  ...sseMoves,
  ...ssePacked,
  ...sseRounding,
  ...sseShifts,
  ...sseShuffles,
];

/** SSE instructions without one. */
export const sseWithoutRegisters: LiftTable = [...sseControl, ...sseConversionsToGeneral];
