import { Rights } from "../../vmx/segments";
import { type GuestException, generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { StateWord } from "../state-word";
import { inLongMode } from "../system/mode";
import { Descriptor, DescriptorBit, SystemType, selectorError, TABLE_INDICATOR } from "./descriptor";

/** Makes the exception that a bad selector raises, from its error code. */
export type SelectorFault = (errorCode: number) => GuestException;

const INDEX = 0xfff8;

/** Types whose descriptors have 16 bytes in IA-32e mode (SDM 3A, "Segment Descriptor Tables in IA-32e Mode"). */
const wideTypes: ReadonlySet<number> = new Set([
  SystemType.ldt,
  SystemType.tss,
  SystemType.busyTss,
  SystemType.callGate,
]);

/** Bits of the fourth word of a 16-byte descriptor where another descriptor would have its type: they must be 0. */
const UPPER_TYPE = 0x1f00;

/**
 * Reads the descriptor that a selector names from the GDT or the LDT; of the 16-byte ones of IA-32e mode, all of it.
 *
 * @param fault what a selector beyond the table's limit raises
 * @throws GuestException, LinearAccessError
 */
export function readDescriptor(p: Processor, selector: number, fault: SelectorFault = generalProtection): Descriptor {
  const index = selector & INDEX;
  const { state } = p;
  const local = (selector & TABLE_INDICATOR) !== 0;
  const limit = local ? state.u32[StateWord.segmentLimit + Segment.ldtr] : state.u32[StateWord.gdtrLimit];
  const missing = local && (state.u32[StateWord.segmentRights + Segment.ldtr] & Rights.unusable) !== 0;
  if (missing || index + 7 > limit) {
    throw fault(selectorError(selector));
  }
  const words = readTable(p, local, index);
  const low = words[0];
  const high = words[1];
  const wide = (high & DescriptorBit.codeOrData) === 0 && inLongMode(p) && wideTypes.has((high >>> 8) & 0xf);
  if (!wide) {
    return new Descriptor(selector, low, high);
  }
  if (index + 15 > limit) {
    throw fault(selectorError(selector));
  }
  const rest = readTable(p, local, index + 8);
  if ((rest[1] & UPPER_TYPE) !== 0) {
    throw fault(selectorError(selector));
  }
  return new Descriptor(selector, low, high, rest[0]);
}

/** Sets the accessed bit in a code or data segment's descriptor. @throws LinearAccessError */
export function setAccessed(p: Processor, descriptor: Descriptor): void {
  if ((descriptor.high & DescriptorBit.accessed) === 0) {
    writeHigh(p, descriptor.selector, descriptor.high | DescriptorBit.accessed);
  }
}

/** Makes a TSS descriptor busy or available. @throws LinearAccessError */
export function setBusy(p: Processor, descriptor: Descriptor, busy: boolean): void {
  const { high } = descriptor;
  writeHigh(p, descriptor.selector, busy ? high | DescriptorBit.busy : high & ~DescriptorBit.busy);
}

function readTable(p: Processor, local: boolean, offset: number): Int32Array {
  const { state, supervisor } = p;
  return local
    ? supervisor.readWords(
        2,
        state.u32[StateWord.segmentBase + 2 * Segment.ldtr],
        state.u32[StateWord.segmentBase + 2 * Segment.ldtr + 1],
        offset,
      )
    : supervisor.readWords(2, state.u32[StateWord.gdtrBase], state.u32[StateWord.gdtrBase + 1], offset);
}

/** Writes bits 63:32 of a descriptor. */
function writeHigh(p: Processor, selector: number, high: number): void {
  const { state, supervisor } = p;
  const offset = (selector & INDEX) + 4;
  if ((selector & TABLE_INDICATOR) !== 0) {
    supervisor.write32(
      high,
      state.u32[StateWord.segmentBase + 2 * Segment.ldtr],
      state.u32[StateWord.segmentBase + 2 * Segment.ldtr + 1],
      offset,
    );
  } else {
    supervisor.write32(high, state.u32[StateWord.gdtrBase], state.u32[StateWord.gdtrBase + 1], offset);
  }
}
