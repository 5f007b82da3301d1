/**
 * Segment and gate descriptors as tables in memory hold them (SDM 3A, "Segment Descriptors", "Call Gates",
 * "IDT Descriptors").
 */

/** Types of descriptors with S = 0 (SDM 3A, table "System-Segment and Gate-Descriptor Types"). */
export const SystemType = {
  tss16: 1,
  ldt: 2,
  busyTss16: 3,
  callGate16: 4,
  taskGate: 5,
  interruptGate16: 6,
  trapGate16: 7,
  tss: 9,
  busyTss: 11,
  callGate: 12,
  interruptGate: 14,
  trapGate: 15,
} as const;

/** Bits of the type of code and data segments. */
const TypeBit = {
  accessed: 1,
  /** Of data: writable. Of code: readable. */
  permission: 2,
  /** Of data: expand-down. Of code: conforming. */
  shape: 4,
  code: 8,
} as const;

/** Bits of a descriptor's second word. */
export const DescriptorBit = {
  accessed: 1 << 8,
  /** Of a TSS descriptor: the task is busy. */
  busy: 1 << 9,
  codeOrData: 1 << 12,
  present: 1 << 15,
  long: 1 << 21,
  big: 1 << 22,
  granular: 1 << 23,
} as const;

/** Bits of a selector (SDM 3A, "Segment Selectors"). */
export const RPL = 3;
export const TABLE_INDICATOR = 4;

/** A selector that names no descriptor: index 0 of the GDT, whatever the RPL. */
export const isNull = (selector: number): boolean => (selector & ~RPL) === 0;

/** A selector as error codes hold it: EXT and IDT are 0 (SDM 3A, "Error Code"). */
export const selectorError = (selector: number): number => selector & 0xfffc;

/** A descriptor that a selector names. */
export class Descriptor {
  /**
   * @param low bits 31:0
   * @param high bits 63:32
   * @param upper bits 95:64, of a system descriptor in IA-32e mode; else 0
   */
  constructor(
    readonly selector: number,
    readonly low: number,
    readonly high: number,
    readonly upper = 0,
  ) {}

  /** S = 0: a gate, a TSS or an LDT. */
  get isSystem(): boolean {
    return (this.high & DescriptorBit.codeOrData) === 0;
  }

  /** 0 to 15: a `SystemType` if `isSystem`. */
  get type(): number {
    return (this.high >>> 8) & 0xf;
  }

  get dpl(): number {
    return (this.high >>> 13) & 3;
  }

  get isPresent(): boolean {
    return (this.high & DescriptorBit.present) !== 0;
  }

  get isCode(): boolean {
    return !this.isSystem && (this.type & TypeBit.code) !== 0;
  }

  get isConforming(): boolean {
    return this.isCode && (this.type & TypeBit.shape) !== 0;
  }

  get isWritableData(): boolean {
    return !this.isSystem && (this.type & (TypeBit.code | TypeBit.permission)) === TypeBit.permission;
  }

  /** Data, or code that may be read: what DS, ES, FS and GS take. */
  get isReadable(): boolean {
    return !this.isSystem && (this.type & (TypeBit.code | TypeBit.permission)) !== TypeBit.code;
  }

  get isLong(): boolean {
    return (this.high & DescriptorBit.long) !== 0;
  }

  get isBig(): boolean {
    return (this.high & DescriptorBit.big) !== 0;
  }

  /** Bits 31:0 of the segment's base, unsigned. */
  get base(): number {
    return ((this.low >>> 16) | ((this.high & 0xff) << 16) | (this.high & 0xff000000)) >>> 0;
  }

  /** Highest offset (of expand-down segments: the highest that is outside), in bytes, unsigned. */
  get limit(): number {
    const limit = (this.low & 0xffff) | (this.high & 0xf0000);
    return (this.high & DescriptorBit.granular) !== 0 ? ((limit << 12) | 0xfff) >>> 0 : limit;
  }

  /** Access rights as segment registers keep them (SDM 3C, "Format of Access Rights"). */
  get rights(): number {
    return (this.high >>> 8) & 0xf0ff;
  }

  // Of gates.

  /** Selector of the code segment or TSS that a gate leads to. */
  get target(): number {
    return this.low >>> 16;
  }

  /** Bits 31:0 of a gate's offset, unsigned; a 16-bit gate has no others. */
  get offset(): number {
    const low = this.low & 0xffff;
    return this.isWide ? (low | (this.high & 0xffff0000)) >>> 0 : low;
  }

  /** Type bit 3: a 32-bit (or 64-bit) gate or TSS, not a 16-bit one. */
  get isWide(): boolean {
    return (this.type & 8) !== 0;
  }
}
