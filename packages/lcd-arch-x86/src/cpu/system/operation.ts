import type { ExitingInstruction } from "../../vmx/index";
import type { Processor } from "../processor";

/**
 * What became of it: the next instruction follows, or the processor has stopped, or it goes on at RIP: elsewhere, or at
 * the same instruction for another repetition.
 */
export type SystemOutcome = "next" | "vm-exit" | "halted" | "elsewhere";

/** Executes an instruction of `length` bytes. @throws GuestException for an exception; then nothing has changed */
export type Execute = (p: Processor, operands: readonly number[], length: number) => SystemOutcome;

/** A system instruction: what it does, and who may do it. What is asked first stands first. */
export interface Operation {
  /** Raises #UD unless this holds. Default: it exists in every mode. */
  exists?: (p: Processor) => boolean;
  /** CPL 1 to 3 may execute it too, always or while this holds; otherwise it raises #GP(0) there. */
  unprivileged?: boolean | ((p: Processor) => boolean);
  /** What it works on has to be available. @throws GuestException #NM */
  require?: (p: Processor) => void;
  /** In a guest it causes a VM exit, if the controls say so, ... */
  exits?: ExitingInstruction;
  /** ... whatever the CPL is. */
  exitsAtAnyLevel?: boolean;
  /**
   * The VM exit tells where the memory operand is: the last operand is the instruction information, and `slowValue`
   * holds the displacement.
   */
  described?: boolean;
  /** What the VM exit's qualification is otherwise. */
  qualification?: (p: Processor) => bigint;
  execute: Execute;
}

/** Operations by the names that `lift/` gives them. */
export type Operations = Readonly<Record<string, Operation>>;

/** An instruction behind which the next one follows. */
export const next = (run: (p: Processor, operands: readonly number[]) => void): Execute => {
  return (p, operands) => {
    run(p, operands);
    return "next";
  };
};
