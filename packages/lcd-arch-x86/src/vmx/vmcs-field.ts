/**
 * The VMCS fields of this processor and their encodings (SDM 3D, appendix "Field Encoding in VMCS"). A field that
 * belongs to a feature which the capability MSRs do not offer does not exist.
 */
export const VmcsField = {
  // 16-bit control field
  virtualProcessorId: 0x0000,
  // 16-bit guest-state fields
  guestEsSelector: 0x0800,
  guestCsSelector: 0x0802,
  guestSsSelector: 0x0804,
  guestDsSelector: 0x0806,
  guestFsSelector: 0x0808,
  guestGsSelector: 0x080a,
  guestLdtrSelector: 0x080c,
  guestTrSelector: 0x080e,
  // 16-bit host-state fields
  hostEsSelector: 0x0c00,
  hostCsSelector: 0x0c02,
  hostSsSelector: 0x0c04,
  hostDsSelector: 0x0c06,
  hostFsSelector: 0x0c08,
  hostGsSelector: 0x0c0a,
  hostTrSelector: 0x0c0c,
  // 64-bit control fields
  ioBitmapA: 0x2000,
  ioBitmapB: 0x2002,
  exitMsrStoreAddress: 0x2006,
  exitMsrLoadAddress: 0x2008,
  entryMsrLoadAddress: 0x200a,
  tscOffset: 0x2010,
  eptPointer: 0x201a,
  // 64-bit read-only data field
  guestPhysicalAddress: 0x2400,
  // 64-bit guest-state fields
  vmcsLinkPointer: 0x2800,
  guestDebugctl: 0x2802,
  guestPat: 0x2804,
  guestEfer: 0x2806,
  guestPdpte0: 0x280a,
  guestPdpte1: 0x280c,
  guestPdpte2: 0x280e,
  guestPdpte3: 0x2810,
  // 64-bit host-state fields
  hostPat: 0x2c00,
  hostEfer: 0x2c02,
  // 32-bit control fields
  pinBasedControls: 0x4000,
  processorControls: 0x4002,
  exceptionBitmap: 0x4004,
  pageFaultErrorCodeMask: 0x4006,
  pageFaultErrorCodeMatch: 0x4008,
  cr3TargetCount: 0x400a,
  exitControls: 0x400c,
  exitMsrStoreCount: 0x400e,
  exitMsrLoadCount: 0x4010,
  entryControls: 0x4012,
  entryMsrLoadCount: 0x4014,
  entryInterruptionInformation: 0x4016,
  entryExceptionErrorCode: 0x4018,
  entryInstructionLength: 0x401a,
  secondaryControls: 0x401e,
  // 32-bit read-only data fields
  instructionError: 0x4400,
  exitReason: 0x4402,
  exitInterruptionInformation: 0x4404,
  exitInterruptionErrorCode: 0x4406,
  idtVectoringInformation: 0x4408,
  idtVectoringErrorCode: 0x440a,
  exitInstructionLength: 0x440c,
  exitInstructionInformation: 0x440e,
  // 32-bit guest-state fields
  guestEsLimit: 0x4800,
  guestCsLimit: 0x4802,
  guestSsLimit: 0x4804,
  guestDsLimit: 0x4806,
  guestFsLimit: 0x4808,
  guestGsLimit: 0x480a,
  guestLdtrLimit: 0x480c,
  guestTrLimit: 0x480e,
  guestGdtrLimit: 0x4810,
  guestIdtrLimit: 0x4812,
  guestEsRights: 0x4814,
  guestCsRights: 0x4816,
  guestSsRights: 0x4818,
  guestDsRights: 0x481a,
  guestFsRights: 0x481c,
  guestGsRights: 0x481e,
  guestLdtrRights: 0x4820,
  guestTrRights: 0x4822,
  guestInterruptibility: 0x4824,
  guestActivity: 0x4826,
  guestSysenterCs: 0x482a,
  preemptionTimer: 0x482e,
  // 32-bit host-state field
  hostSysenterCs: 0x4c00,
  // Natural-width control fields
  cr0Mask: 0x6000,
  cr4Mask: 0x6002,
  cr0Shadow: 0x6004,
  cr4Shadow: 0x6006,
  cr3Target0: 0x6008,
  cr3Target1: 0x600a,
  cr3Target2: 0x600c,
  cr3Target3: 0x600e,
  // Natural-width read-only data fields
  exitQualification: 0x6400,
  guestLinearAddress: 0x640a,
  // Natural-width guest-state fields
  guestCr0: 0x6800,
  guestCr3: 0x6802,
  guestCr4: 0x6804,
  guestEsBase: 0x6806,
  guestCsBase: 0x6808,
  guestSsBase: 0x680a,
  guestDsBase: 0x680c,
  guestFsBase: 0x680e,
  guestGsBase: 0x6810,
  guestLdtrBase: 0x6812,
  guestTrBase: 0x6814,
  guestGdtrBase: 0x6816,
  guestIdtrBase: 0x6818,
  guestDr7: 0x681a,
  guestRsp: 0x681c,
  guestRip: 0x681e,
  guestRflags: 0x6820,
  guestPendingDebug: 0x6822,
  guestSysenterEsp: 0x6824,
  guestSysenterEip: 0x6826,
  // Natural-width host-state fields
  hostCr0: 0x6c00,
  hostCr3: 0x6c02,
  hostCr4: 0x6c04,
  hostFsBase: 0x6c06,
  hostGsBase: 0x6c08,
  hostTrBase: 0x6c0a,
  hostGdtrBase: 0x6c0c,
  hostIdtrBase: 0x6c0e,
  hostSysenterEsp: 0x6c10,
  hostSysenterEip: 0x6c12,
  hostRsp: 0x6c14,
  hostRip: 0x6c16,
} as const;

/** Encoding of a field of this processor's VMCS. */
export type VmcsField = (typeof VmcsField)[keyof typeof VmcsField];

/** What bits 11:10 of an encoding say. */
export const FieldType = { control: 0, readOnly: 1, guest: 2, host: 3 } as const;

/** What bits 14:13 of an encoding say; natural width is 64 bits here. */
const widthBits = [16, 64, 32, 64] as const;

const encodings: readonly number[] = Object.values(VmcsField);

/** Position of a field in the VMCS data, by encoding. */
const slots: ReadonlyMap<number, number> = new Map(encodings.map((encoding, slot) => [encoding, slot]));

/** Fields in the VMCS. */
export const FIELD_COUNT = encodings.length;

/** Highest index (bits 9:1) of any encoding: what IA32_VMX_VMCS_ENUM reports. */
export const HIGHEST_FIELD_INDEX = Math.max(...encodings.map((encoding) => (encoding >> 1) & 0x1ff));

/** One of FieldType. */
export function fieldType(encoding: number): number {
  return (encoding >> 10) & 3;
}

/** Width in bits: 16, 32 or 64. */
export function fieldWidth(encoding: number): 16 | 32 | 64 {
  return widthBits[(encoding >> 13) & 3];
}

/** Position of a field that exists. */
export function slotOf(field: VmcsField): number {
  return slots.get(field) ?? 0;
}

/** What an encoding given to VMREAD or VMWRITE names. */
export interface FieldAccess {
  readonly field: VmcsField;
  /** The upper half of a 64-bit field. */
  readonly high: boolean;
}

/** Looks up an encoding as VMREAD and VMWRITE do; undefined when this processor has no such component. */
export function findField(encoding: number): FieldAccess | undefined {
  const high = (encoding & 1) !== 0;
  const full = encoding & ~1;
  if (!isField(full) || (high && ((full >> 13) & 3) !== 1)) return undefined;
  return { field: full, high };
}

function isField(encoding: number): encoding is VmcsField {
  return slots.has(encoding);
}
