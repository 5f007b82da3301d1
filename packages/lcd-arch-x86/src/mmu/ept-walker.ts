import {
  EptFlag,
  EptPointerFlag,
  frameOf,
  highOf,
  indexOf,
  mapsPage,
  type PagingLevel,
  pageFrame,
  RESERVED_ADDRESS_HIGH,
  reservedBits,
} from "./paging-entry";
import { type Ram, readWord, setFlags } from "./ram";

const ALL_PERMISSIONS = EptFlag.read | EptFlag.write | EptFlag.execute;

/** 4-level EPT (SDM 3C, "EPT Translation Mechanism", Tables 29-1 to 29-7). */
const levels: readonly PagingLevel[] = [
  { shift: 39, pageReserved: null, tableReserved: 0xf8 },
  { shift: 30, pageReserved: 0x3ffff000, tableReserved: 0x78 },
  { shift: 21, pageReserved: 0x001ff000, tableReserved: 0x78 },
  { shift: 12, pageReserved: 0, tableReserved: null },
];

/** EPT memory types 2, 3 and 7 are reserved (bits 5:3 of an entry that maps a page). */
const RESERVED_MEMORY_TYPES = (1 << 2) | (1 << 3) | (1 << 7);

/**
 * Translates guest-physical to host-physical addresses. The answer, or the reason there is none, is left in
 * its fields, so that a walk allocates nothing.
 */
export class EptWalker {
  /** Host-physical frame (4 KiB) of the last translation. */
  hpa = 0;
  /** A write through the last translation needs no further walk: it is permitted and the dirty flag, if used, is set. */
  writable = false;
  /** After a failure: an entry was misconfigured; otherwise it is a violation. */
  misconfigured = false;
  /** What the entries used together allow: EptFlag read, write, execute. */
  permissions = 0;
  private readonly ram: Ram;
  private readonly entryAddress = new Float64Array(levels.length);

  constructor(ram: Ram) {
    this.ram = ram;
  }

  /**
   * @param eptpLow low half of the EPT pointer
   * @param eptpHigh high half of the EPT pointer
   * @param gpa any byte of the page
   * @param access EptFlag bits that the access needs
   * @returns whether the access may go ahead
   */
  translate(eptpLow: number, eptpHigh: number, gpa: number, access: number): boolean {
    const { ram, entryAddress } = this;
    const low = gpa >>> 0;
    const high = highOf(gpa);
    const tracks = (eptpLow & EptPointerFlag.accessedAndDirty) !== 0;
    let table = frameOf(eptpLow, eptpHigh);
    this.permissions = ALL_PERMISSIONS;
    this.misconfigured = false;
    for (let depth = 0; depth < levels.length; depth++) {
      const level = levels[depth];
      const at = table + indexOf(low, high, level.shift) * 8;
      const entryLow = readWord(ram, at);
      const entryHigh = readWord(ram, at + 4);
      entryAddress[depth] = at;
      this.permissions &= entryLow;
      if ((entryLow & ALL_PERMISSIONS) === 0) return false;
      if (isMisconfigured(level, entryLow, entryHigh)) {
        this.misconfigured = true;
        return false;
      }
      if (!mapsPage(level, entryLow)) {
        table = frameOf(entryLow, entryHigh);
        continue;
      }
      if ((access & ~this.permissions) !== 0) return false;
      const writes = (access & EptFlag.write) !== 0;
      if (tracks) this.track(depth, writes);
      this.hpa = pageFrame(level, entryLow, entryHigh, low);
      this.writable =
        (this.permissions & EptFlag.write) !== 0 && (writes || !tracks || (entryLow & EptFlag.dirty) !== 0);
      return true;
    }
    return false;
  }

  /** Sets accessed flags in all entries used and the dirty flag in the last one (SDM 3C, "Accessed and Dirty Flags for EPT"). */
  private track(last: number, writes: boolean): void {
    for (let depth = 0; depth < last; depth++) setFlags(this.ram, this.entryAddress[depth], EptFlag.accessed);
    setFlags(this.ram, this.entryAddress[last], writes ? EptFlag.accessed | EptFlag.dirty : EptFlag.accessed);
  }
}

/** SDM 3C, "EPT Misconfigurations", with execute-only translations supported. */
function isMisconfigured(level: PagingLevel, low: number, high: number): boolean {
  if ((low & (EptFlag.read | EptFlag.write)) === EptFlag.write) return true;
  if ((high & RESERVED_ADDRESS_HIGH) !== 0 || reservedBits(level, low) !== 0) return true;
  return mapsPage(level, low) && ((RESERVED_MEMORY_TYPES >>> ((low >>> 3) & 7)) & 1) !== 0;
}
