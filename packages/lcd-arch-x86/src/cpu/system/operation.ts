import type { ExitingInstruction } from "../../vmx/index";
import type { Processor } from "../processor";

/** What became of it: the next instruction follows, or the processor has stopped or gone elsewhere. */
export type SystemOutcome = "next" | "vm-exit" | "halted" | "elsewhere";

/** Executes an instruction of `length` bytes. @throws GuestException for an exception; then nothing has changed */
export type Execute = (p: Processor, operands: readonly number[], length: number) => SystemOutcome;

/** A system instruction: what it does, and who may do it. */
export interface Operation {
  execute: Execute;
  /** CPL 1 to 3 may execute it too, or it checks by itself. */
  unprivileged?: boolean;
  /** In a guest it causes a VM exit, if the controls say so, ... */
  exits?: ExitingInstruction;
  /** ... whatever the CPL is: a VMX instruction. */
  exitsAtAnyLevel?: boolean;
}

/** An instruction behind which the next one follows. */
export const next = (run: (p: Processor, operands: readonly number[]) => void): Execute => {
  return (p, operands) => {
    run(p, operands);
    return "next";
  };
};
