import { flagsSavedBy, type InterruptEvent, isGeneralDetect } from "../cpu/interrupt/event";
import { Rflags } from "../cpu/state";
import { ExitReason, InterruptionInformation, type VmExitInformation } from "./exit-reason";

const RF = BigInt(Rflags.RF);
const VECTOR = 0xff;
const TYPE = 7;

/** The access may be repeated when the host has changed the EPT: no instruction breakpoint comes again before it. */
const repeated: ReadonlySet<number> = new Set([ExitReason.eptViolation, ExitReason.eptMisconfiguration]);

/** VM exits between instructions, and those that save what the event or the task switch would have saved. */
const kept: ReadonlySet<number> = new Set([
  ExitReason.externalInterrupt,
  ExitReason.tripleFault,
  ExitReason.initSignal,
  ExitReason.interruptWindow,
  ExitReason.taskSwitch,
  ExitReason.preemptionTimer,
]);

/**
 * RFLAGS as a VM exit saves them: RF depends on its cause, and is 0 behind an instruction that exits (SDM 3C, "Saving RIP,
 * RSP, RFLAGS, and SSP").
 *
 * @param rflags those before the VM exit
 * @param delivering the event that was being delivered
 */
export function savedRflags(
  rflags: bigint,
  reason: number,
  { interruptionInformation = 0, qualification = 0n }: VmExitInformation,
  delivering: InterruptEvent | null,
): bigint {
  const event = reason === ExitReason.exceptionOrNmi ? eventOf(interruptionInformation, qualification) : delivering;
  if (event !== null) return BigInt(flagsSavedBy(event, Number(rflags)));
  if (repeated.has(reason)) return rflags | RF;
  return kept.has(reason) ? rflags : rflags & ~RF;
}

function eventOf(information: number, payload: bigint): Pick<InterruptEvent, "type" | "vector" | "generalDetect"> {
  const vector = information & VECTOR;
  const type = (information >>> InterruptionInformation.typeShift) & TYPE;
  return { vector, type, generalDetect: isGeneralDetect(vector, payload) };
}
