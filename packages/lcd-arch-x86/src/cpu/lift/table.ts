import type { Mnemonic } from "iced-x86";
import type { Lift } from "./operands";

/** Gives an instruction its meaning, by building IR. */
export type LiftFunction = (lift: Lift) => void;

/** A group of instructions: what each mnemonic means. */
export type LiftTable = readonly (readonly [Mnemonic, LiftFunction])[];
