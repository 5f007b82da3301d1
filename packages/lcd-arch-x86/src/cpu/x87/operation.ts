import type { Fpu } from "./fpu";

/**
 * What an x87 instruction does, its operand in memory already read.
 *
 * @param i the register ST(i) that it names, if it names one
 */
export type FpuOperation = (fpu: Fpu, i: number) => void;

/** Operations by a name of our own: the mnemonic, with the kind of operand in memory where there are several. */
export type FpuOperations = Readonly<Record<string, FpuOperation>>;
