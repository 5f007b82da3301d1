import { generalProtection, notPresent } from "../exception";
import type { Processor } from "../processor";
import { Descriptor, SystemType } from "../segmentation/descriptor";
import { StateWord } from "../state-word";
import { type InterruptEvent, isSoftware } from "./event";

/** Bit 1 of an error code: its index is that of a gate in the IDT (SDM 3A, "Error Code"). */
const IDT = 2;

/** The error code of a fault in the IDT's entry for a vector. */
export const gateError = (vector: number): number => (vector << 3) | IDT;

const longGates: ReadonlySet<number> = new Set([SystemType.interruptGate, SystemType.trapGate]);

const protectedGates: ReadonlySet<number> = new Set([
  SystemType.taskGate,
  SystemType.interruptGate16,
  SystemType.trapGate16,
  SystemType.interruptGate,
  SystemType.trapGate,
]);

/**
 * Reads an event's gate from the IDT and checks it (SDM 2A, "INT n/INTO/INT3/INT1", PROTECTED-MODE). In a 64-bit gate
 * `upper` holds bits 63:32 of the offset.
 *
 * @param cpl of what is interrupted
 * @throws GuestException, LinearAccessError
 */
export function readGate(p: Processor, event: InterruptEvent, longMode: boolean, cpl: number): Descriptor {
  const { state } = p;
  const { vector } = event;
  const size = longMode ? 16 : 8;
  const offset = vector * size;
  if (offset + size - 1 > state.u32[StateWord.idtrLimit]) {
    throw generalProtection(gateError(vector));
  }
  const words = p.supervisor.readWords(
    size / 4,
    state.u32[StateWord.idtrBase],
    state.u32[StateWord.idtrBase + 1],
    offset,
  );
  const gate = new Descriptor(0, words[0], words[1], longMode ? words[2] : 0);
  const known = longMode ? longGates : protectedGates;
  if (!gate.isSystem || !known.has(gate.type) || (isSoftware(event) && gate.dpl < cpl)) {
    throw generalProtection(gateError(vector));
  }
  if (!gate.isPresent) {
    throw notPresent(gateError(vector));
  }
  return gate;
}

/** An interrupt gate clears IF; a trap gate does not: type bit 0. */
export const isTrapGate = ({ type }: Descriptor): boolean => (type & 1) !== 0;
