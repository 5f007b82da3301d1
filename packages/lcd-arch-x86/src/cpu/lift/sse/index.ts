import type { LiftTable } from "../table";
import { sseArithmetic } from "./arithmetic";
import { sseComparisons } from "./compare";
import { sseControl } from "./control";
import { sseConversions, sseConversionsToGeneral } from "./convert";
import { checksums, cryptography } from "./cryptography";
import { mmxConversions } from "./mmx-convert";
import { sseMoves } from "./moves";
import { ssePacked } from "./packed";
import { sseRounding } from "./round";
import { sseShifts } from "./shifts";
import { sseShuffles } from "./shuffles";
import { sseStrings } from "./strings";

/** SSE to SSE4.2 instructions, AES-NI and PCLMULQDQ with an XMM register. */
export const sseInstructions: LiftTable = [
  ...cryptography,
  ...mmxConversions,
  ...sseArithmetic,
  ...sseComparisons,
  ...sseConversions,
  ...sseMoves,
  ...ssePacked,
  ...sseRounding,
  ...sseShifts,
  ...sseShuffles,
  ...sseStrings,
];

/** SSE instructions without one. */
export const sseWithoutRegisters: LiftTable = [...checksums, ...sseControl, ...sseConversionsToGeneral];

export { mmxConversions };
