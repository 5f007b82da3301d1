import type { LiftTable } from "../table";
import { sseMoves } from "./moves";
import { ssePacked } from "./packed";
import { sseShifts } from "./shifts";
import { sseShuffles } from "./shuffles";

/** SSE to SSE4.2 instructions with an XMM register. */
export const sseInstructions: LiftTable = [...sseMoves, ...ssePacked, ...sseShifts, ...sseShuffles];
