import { Rights } from "../../vmx/segments";
import { type CpuState, Segment } from "../state";
import { StateWord } from "../state-word";
import { type Descriptor, DescriptorBit, RPL } from "./descriptor";

/** A flat 4 GiB segment's limit, in bytes. */
export const FLAT_LIMIT = 0xffffffff;

/**
 * Loads a segment register's selector and cached descriptor.
 *
 * @param base bits 31:0 of the base; the others become 0
 * @param limit in bytes
 * @param rights in VMX format
 */
export function setSegment(
  state: CpuState,
  segment: number,
  selector: number,
  base: number,
  limit: number,
  rights: number,
): void {
  const { u32 } = state;
  u32[StateWord.segmentSelector + segment] = selector;
  u32[StateWord.segmentBase + 2 * segment] = base;
  u32[StateWord.segmentBase + 2 * segment + 1] = 0;
  u32[StateWord.segmentLimit + segment] = limit;
  u32[StateWord.segmentRights + segment] = rights;
}

/** Loads a segment register from a descriptor of code or data, whose accessed bit has been set. */
export function setSegmentFrom(state: CpuState, segment: number, selector: number, descriptor: Descriptor): void {
  const { base, limit, rights } = descriptor;
  setSegment(state, segment, selector, base, limit, rights | (DescriptorBit.accessed >> 8));
}

/**
 * Loads a null selector. The base of FS and GS becomes 0, too; DPL stays what the CPL is, as it is of SS.
 *
 * @param cpl of SS: the CPL that it is loaded for
 */
export function setNullSegment(state: CpuState, segment: number, selector: number, cpl = 0): void {
  setSegment(state, segment, selector, 0, 0, Rights.unusable | (cpl << Rights.dplShift));
}

/** Loads CS for code of a privilege level: the selector's RPL is the CPL. */
export function setCodeSegment(state: CpuState, selector: number, cpl: number, descriptor: Descriptor): void {
  setSegmentFrom(state, Segment.cs, (selector & ~RPL) | cpl, descriptor);
  state.u32[StateWord.cpl] = cpl;
}
