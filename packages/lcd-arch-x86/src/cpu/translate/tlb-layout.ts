/**
 * The software TLB that translated code looks up inline. Direct-mapped by page number; an entry holds a tag for reads
 * and one for writes, each the linear address of the page, or a value that no address of that slot has.
 */
export const TLB_ENTRIES = 1024;
export const TLB_ENTRY_SIZE = 32;
export const TLB_SIZE = TLB_ENTRIES * TLB_ENTRY_SIZE;

/** Byte offsets in an entry. */
export const TlbEntry = {
  readTag: 0,
  writeTag: 8,
  /** What to add to the low 32 bits of a linear address to get its place in linear memory. */
  addend: 16,
  /** Frame number of the page in RAM. */
  frame: 20,
  /** What the invalidations ask: cpu/tlb.ts. */
  attributes: 24,
} as const;

/** Shift and mask that turn a linear address into the byte offset of its entry. */
export const TLB_SHIFT = 12 - Math.log2(TLB_ENTRY_SIZE);
export const TLB_MASK = (TLB_ENTRIES - 1) * TLB_ENTRY_SIZE;

/** The jump cache: from the address of a block to the function that starts there. Direct-mapped by a hash of it. */
export const JUMP_ENTRIES = 4096;
export const JUMP_ENTRY_SIZE = 16;
export const JUMP_SIZE = JUMP_ENTRIES * JUMP_ENTRY_SIZE;
export const JumpEntry = { tag: 0, index: 8 } as const;

/** High half of a tag that no canonical address has. */
export const NO_TAG_HIGH = 0x80000000 >> 0;
