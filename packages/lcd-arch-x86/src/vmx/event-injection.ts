import type { InterruptEvent } from "../cpu/interrupt/event";
import { InterruptionInformation, InterruptionType } from "./exit-reason";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

const VECTOR = 0xff;
const TYPE = 7;

/** Types that come of an instruction: RIP is saved behind it. */
const ofInstructions: ReadonlySet<number> = new Set([
  InterruptionType.softwareInterrupt,
  InterruptionType.privilegedSoftwareException,
  InterruptionType.softwareException,
]);

/** Whether an event of this type comes of an instruction, whose length counts. */
export const isOfInstruction = (type: number): boolean => ofInstructions.has(type);

/** The event that a VM entry injects (SDM 3C, "VM-Entry Controls for Event Injection"); null: none. */
export function injectedEvent(vmcs: Vmcs): InterruptEvent | null {
  const information = vmcs.get32(F.entryInterruptionInformation);
  const { valid, typeShift, errorCodeValid } = InterruptionInformation;
  if ((information & valid) === 0) return null;
  const type = (information >>> typeShift) & TYPE;
  return {
    vector: information & VECTOR,
    type,
    errorCode: (information & errorCodeValid) === 0 ? null : vmcs.get32(F.entryExceptionErrorCode),
    length: isOfInstruction(type) ? vmcs.get32(F.entryInstructionLength) : 0,
    injected: true,
  };
}
