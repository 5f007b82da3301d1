import { MAXPHYADDR } from "./control-bits";

const TWO_32 = 0x1_0000_0000;

/** Flags of a guest paging-structure entry, low half (SDM 3A, "Paging"); the same in all paging modes. */
export const PageFlag = {
  present: 1 << 0,
  writable: 1 << 1,
  user: 1 << 2,
  accessed: 1 << 5,
  dirty: 1 << 6,
  pageSize: 1 << 7,
  global: 1 << 8,
} as const;

/** High half of a guest paging-structure entry: execute-disable, bit 63. */
export const EXECUTE_DISABLE = 1 << 31;

/** Flags of an EPT paging-structure entry, low half (SDM 3C, "EPT Translation Mechanism"). */
export const EptFlag = {
  read: 1 << 0,
  write: 1 << 1,
  execute: 1 << 2,
  pageSize: 1 << 7,
  accessed: 1 << 8,
  dirty: 1 << 9,
} as const;

/** Flags of the EPT pointer, low half (SDM 3C, "Extended-Page-Table Pointer"). */
export const EptPointerFlag = { accessedAndDirty: 1 << 6 } as const;

/** Bits 51:MAXPHYADDR of an entry, which are reserved, in its high half. */
export const RESERVED_ADDRESS_HIGH = 0x000fffff & ~((1 << (MAXPHYADDR - 32)) - 1);

/** The 4 KiB-aligned physical address in bits 51:12 of an entry. */
export function frameOf(low: number, high: number): number {
  return (high & 0xfffff) * TWO_32 + ((low & 0xfffff000) >>> 0);
}

/** The nine bits of an address from bit `shift` up: its index into a table of 512 entries. */
export function indexOf(low: number, high: number, shift: number): number {
  return (shift >= 32 ? high >>> (shift - 32) : (low >>> shift) | (high << (32 - shift))) & 0x1ff;
}

/** Upper half of a physical address. */
export function highOf(address: number): number {
  return Math.floor(address / TWO_32);
}

/** What one level of a paging hierarchy looks like. */
export interface PagingLevel {
  /** Lowest address bit that its index covers: also the size of a page that it maps, as a power of two. */
  readonly shift: number;
  /** Low-half bits that are reserved in an entry that maps a page; null when the level maps none. */
  readonly pageReserved: number | null;
  /** Low-half bits that are reserved in an entry that refers to a table; null when the level has no further table. */
  readonly tableReserved: number | null;
}

/** Does an entry of this level map a page, rather than refer to a table? */
export function mapsPage(level: PagingLevel, low: number): boolean {
  return level.tableReserved === null || (level.pageReserved !== null && (low & PageFlag.pageSize) !== 0);
}

/** Low-half reserved bits that are set in an entry of this level. */
export function reservedBits(level: PagingLevel, low: number): number {
  return low & ((mapsPage(level, low) ? level.pageReserved : level.tableReserved) ?? 0);
}

/** Frame of the 4 KiB within the page that an entry of this level maps, for the address `addressLow`. */
export function pageFrame(level: PagingLevel, low: number, high: number, addressLow: number): number {
  const within = (1 << level.shift) - 1;
  return frameOf((low & ~within) | (addressLow & within), high);
}
