import { generalProtection, invalidOpcode } from "../exception";
import { fastCalls } from "../interrupt/fast-calls";
import { flagOperations } from "../interrupt/flags";
import { interruptReturns } from "../interrupt/return";
import { softwareInterrupts } from "../interrupt/software";
import type { Processor } from "../processor";
import { farTransfers } from "../segmentation/far-transfer";
import { segmentOperations } from "../segmentation/operations";
import { cacheControl } from "./cache-control";
import { descriptorChecks } from "./descriptor-checks";
import { descriptorTables } from "./descriptor-tables";
import { fxsaveOperations } from "./fxsave";
import { generalOperations } from "./general";
import { machineStatus } from "./machine-status";
import { atCpl0 } from "./mode";
import { monitorOperations } from "./monitor";
import { msrAccess } from "./msr-access";
import type { Operation, Operations, SystemOutcome } from "./operation";
import { portAccess } from "./port-access";
import { randomNumbers } from "./random";
import { segmentBases } from "./segment-bases";
import { specialRegisters } from "./special-registers";
import { taskRegisters } from "./task-registers";
import { timeAndCounters } from "./time";
import { vmxInstructions } from "./vmx-instructions";
import { x87ImageOperations } from "./x87-images";
import { xsaveOperations } from "./xsave";

/** A system instruction as the lift has left it. */
export interface SystemInstruction {
  operation: string;
  operands: readonly number[];
  length: number;
}

const groups: readonly Operations[] = [
  cacheControl,
  descriptorChecks,
  descriptorTables,
  farTransfers,
  fastCalls,
  flagOperations,
  fxsaveOperations,
  generalOperations,
  interruptReturns,
  machineStatus,
  monitorOperations,
  msrAccess,
  portAccess,
  randomNumbers,
  segmentBases,
  segmentOperations,
  softwareInterrupts,
  specialRegisters,
  taskRegisters,
  timeAndCounters,
  vmxInstructions,
  xsaveOperations,
  x87ImageOperations,
];

/** Every operation by name. */
export const systemOperations: ReadonlyMap<string, Operation> = new Map(
  groups.flatMap((group) => Object.entries(group)),
);

/**
 * Executes a system instruction at RIP.
 *
 * @throws GuestException for an exception that it raises; then it has changed nothing
 */
export function executeSystem(p: Processor, instruction: SystemInstruction): SystemOutcome {
  const operation = requireOperation(p, instruction.operation);
  return exited(p, operation, instruction) ? "vm-exit" : operation.execute(p, instruction.operands, instruction.length);
}

/**
 * What is asked before the memory operand is looked at, and before VM exits (SDM 3A, "Priority Among Concurrent Events";
 * SDM 3C, "Relative Priority of Faults and VM Exits"): whether there is the instruction, whether the processor may execute
 * it, and whether what it works on is available.
 *
 * @throws GuestException #UD, #GP(0), #NM
 */
export function requireOperation(p: Processor, name: string): Operation {
  const operation = systemOperations.get(name);
  if (operation === undefined || operation.exists?.(p) === false) {
    throw invalidOpcode();
  }
  if (!mayExecute(p, operation)) {
    throw generalProtection();
  }
  operation.require?.(p);
  return operation;
}

function mayExecute(p: Processor, { unprivileged = false, exitsAtAnyLevel = false }: Operation): boolean {
  return (
    atCpl0(p) || (typeof unprivileged === "boolean" ? unprivileged : unprivileged(p)) || (p.nonRoot && exitsAtAnyLevel)
  );
}

/** Makes the VM exit that the instruction causes in a guest, if it does. */
function exited(p: Processor, operation: Operation, { operands, length }: SystemInstruction): boolean {
  const { exits, described = false, qualification } = operation;
  const reason = exits !== undefined && p.nonRoot ? p.vmx.exits.instruction(exits) : null;
  if (reason === null) {
    return false;
  }
  p.vmExit(reason, {
    qualification: described ? p.state.get64("slowValue") : (qualification?.(p) ?? 0n),
    instructionInformation: described ? operands[operands.length - 1] : 0,
    instructionLength: length,
  });
  return true;
}
