import { Rights } from "../../vmx/segments";
import { type CpuState, Segment } from "../state";
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
  state.set32("segmentSelector", selector, segment);
  state.setHalves("segmentBase", base, 0, segment);
  state.set32("segmentLimit", limit, segment);
  state.set32("segmentRights", rights, segment);
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
  state.set32("cpl", cpl);
}
