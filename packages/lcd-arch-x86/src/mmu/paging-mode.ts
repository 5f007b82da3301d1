import { Cr0, Cr4, Efer } from "./control-bits";
import { type PagingLevel, RESERVED_ADDRESS_HIGH } from "./paging-entry";

/** The paging modes there are (SDM 3A, "Paging Modes and Control Bits"); 32-bit paging counts as two, with CR4.PSE and without. */
export const PagingMode = { none: 0, bits32: 1, bits32Pse: 2, pae: 3, fourLevel: 4, fiveLevel: 5 } as const;
export type PagingMode = (typeof PagingMode)[keyof typeof PagingMode];

/** The paging mode that control registers select. LA57 and PSE matter in some modes only. */
export function pagingMode(cr0: number, cr4: number, efer: number): PagingMode {
  if ((cr0 & Cr0.PG) === 0) return PagingMode.none;
  if ((efer & Efer.LMA) !== 0) return (cr4 & Cr4.LA57) !== 0 ? PagingMode.fiveLevel : PagingMode.fourLevel;
  if ((cr4 & Cr4.PAE) !== 0) return PagingMode.pae;
  return (cr4 & Cr4.PSE) !== 0 ? PagingMode.bits32Pse : PagingMode.bits32;
}

/** What the tables of a paging mode look like. */
export interface PagingFormat {
  /** From the root down; in PAE paging the root is what a PDPTE register refers to. */
  readonly levels: readonly PagingLevel[];
  /** Entries are 4 bytes, 1024 to a table; in the other modes they are 8 bytes, 512 to a table. */
  readonly narrow: boolean;
  /** Bits of an entry's high half that are reserved, whatever EFER.NXE is. */
  readonly reservedHigh: number;
}

/** Bits 62:52, ignored in 4-level and 5-level paging, are reserved in PAE paging. */
const PAE_RESERVED_HIGH = RESERVED_ADDRESS_HIGH | 0x7ff00000;

/** Page directory and page table of 8-byte entries; bits 20:13 of a 2-MByte PDE are reserved. */
const lowerLevels: readonly PagingLevel[] = [
  { shift: 21, pageReserved: 0x001fe000, tableReserved: 0 },
  { shift: 12, pageReserved: 0, tableReserved: null },
];

/** PS is reserved in a PML4E and in a PML5E; bits 29:13 of a 1-GByte PDPTE are. */
const fourLevels: readonly PagingLevel[] = [
  { shift: 39, pageReserved: null, tableReserved: 0x80 },
  { shift: 30, pageReserved: 0x3fffe000, tableReserved: 0 },
  ...lowerLevels,
];

/** A PDE of 32-bit paging maps a page only with CR4.PSE; then bits 20:13 are address bits 39:32, and bit 21 is reserved. */
const bits32 = (pageReserved: number | null): PagingFormat => ({
  levels: [
    { shift: 22, pageReserved, tableReserved: 0 },
    { shift: 12, pageReserved: 0, tableReserved: null },
  ],
  narrow: true,
  reservedHigh: 0,
});

/** The formats by PagingMode (SDM 3A, tables "Format of a ... Entry"); null without paging. */
export const pagingFormats: readonly (PagingFormat | null)[] = [
  null,
  bits32(null),
  bits32(1 << 21),
  { levels: lowerLevels, narrow: false, reservedHigh: PAE_RESERVED_HIGH },
  { levels: fourLevels, narrow: false, reservedHigh: RESERVED_ADDRESS_HIGH },
  {
    levels: [{ shift: 48, pageReserved: null, tableReserved: 0x80 }, ...fourLevels],
    narrow: false,
    reservedHigh: RESERVED_ADDRESS_HIGH,
  },
];

/** Bits 39:32 of the address of a 4-MByte page, from bits 20:13 of its PDE ("PSE-36": SDM 3A, "32-Bit Paging"). */
export function highOfPse36(pde: number): number {
  return (pde >>> 13) & 0xff;
}
