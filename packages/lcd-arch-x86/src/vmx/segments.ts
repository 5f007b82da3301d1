import { Segment } from "../cpu/state";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

/** Where a segment register's guest state is in the VMCS. */
export interface SegmentFields {
  readonly name: string;
  /** Its number in the processor's state. */
  readonly register: number;
  readonly selector: VmcsField;
  readonly base: VmcsField;
  readonly limit: VmcsField;
  readonly rights: VmcsField;
}

/** The eight segment registers in the VMCS's guest-state area. */
export const guestSegments = {
  es: segment("ES", Segment.es, F.guestEsSelector, F.guestEsBase, F.guestEsLimit, F.guestEsRights),
  cs: segment("CS", Segment.cs, F.guestCsSelector, F.guestCsBase, F.guestCsLimit, F.guestCsRights),
  ss: segment("SS", Segment.ss, F.guestSsSelector, F.guestSsBase, F.guestSsLimit, F.guestSsRights),
  ds: segment("DS", Segment.ds, F.guestDsSelector, F.guestDsBase, F.guestDsLimit, F.guestDsRights),
  fs: segment("FS", Segment.fs, F.guestFsSelector, F.guestFsBase, F.guestFsLimit, F.guestFsRights),
  gs: segment("GS", Segment.gs, F.guestGsSelector, F.guestGsBase, F.guestGsLimit, F.guestGsRights),
  ldtr: segment("LDTR", Segment.ldtr, F.guestLdtrSelector, F.guestLdtrBase, F.guestLdtrLimit, F.guestLdtrRights),
  tr: segment("TR", Segment.tr, F.guestTrSelector, F.guestTrBase, F.guestTrLimit, F.guestTrRights),
} as const;

function segment(
  name: string,
  register: number,
  selector: VmcsField,
  base: VmcsField,
  limit: VmcsField,
  rights: VmcsField,
): SegmentFields {
  return { name, register, selector, base, limit, rights };
}

/** Segment access rights (SDM 3C, "Format of Access Rights"). */
export const Rights = {
  type: 0xf,
  codeOrData: 1 << 4,
  dplShift: 5,
  present: 1 << 7,
  long: 1 << 13,
  big: 1 << 14,
  granular: 1 << 15,
  unusable: 1 << 16,
  reserved: 0xfffe_0f00,
} as const;

/** Segment types (SDM 3A, "Code- and Data-Segment Descriptor Types", "System Descriptor Types"); a 32-bit TSS has that of a 64-bit one. */
export const SegmentType = { dataWritten: 3, codeRead: 11, ldt: 2, busyTss16: 3, busyTss64: 11 } as const;

/** Bits of a selector. */
export const Selector = { rpl: 3, ti: 4 } as const;
