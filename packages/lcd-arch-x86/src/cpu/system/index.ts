import { invalidOpcode } from "../exception";
import { fastCalls } from "../interrupt/fast-calls";
import { flagOperations } from "../interrupt/flags";
import { interruptReturns } from "../interrupt/return";
import { softwareInterrupts } from "../interrupt/software";
import type { Processor } from "../processor";
import { segmentOperations } from "../segmentation/operations";
import { generalOperations } from "./general";
import type { Operation, SystemOutcome } from "./operation";
import { specialRegisters } from "./special-registers";
import { vmxInstructions } from "./vmx-instructions";

/** A system instruction as the lift has left it. */
export interface SystemInstruction {
  operation: string;
  operands: readonly number[];
  length: number;
}

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...generalOperations,
    ...specialRegisters,
    ...vmxInstructions,
    ...fastCalls,
    ...flagOperations,
    ...interruptReturns,
    ...segmentOperations,
    ...softwareInterrupts,
  }),
);

/**
 * Executes a system instruction at RIP.
 *
 * @throws GuestException for an exception that it raises; then it has changed nothing
 */
export function executeSystem(p: Processor, instruction: SystemInstruction): SystemOutcome {
  const { operands, length } = instruction;
  const operation = operations.get(instruction.operation);
  if (operation === undefined) {
    throw invalidOpcode();
  }
  const { execute, unprivileged = false, exits, exitsAtAnyLevel = false } = operation;
  if (!unprivileged && !(p.nonRoot && exitsAtAnyLevel)) {
    p.requireCpl0();
  }
  const reason = exits !== undefined && p.nonRoot ? p.vmx.exits.instruction(exits) : null;
  if (reason !== null) {
    const qualification = exits === "invlpg" ? p.state.get64("slowAddress") : 0n;
    p.vmExit(reason, { qualification, instructionLength: length });
    return "vm-exit";
  }
  return execute(p, operands, length);
}
