import { joined, u32, u64 } from "./table-bytes";

/** Kinds of memory (ACPI, "Address Range Types"). */
export const E820Type = { ram: 1, reserved: 2 } as const;

/** A range of physical addresses, as BIOS call INT 15h, E820h, tells of it. */
export interface E820Range {
  readonly base: number;
  readonly length: number;
  readonly type: number;
}

/** The end of the memory that programs in real mode can use; from here to 640 KiB is the extended BIOS data area. */
export const BASE_MEMORY_END = 0x9fc00;
const VIDEO_MEMORY = 0xa0000;
/** Where the ROM of the BIOS is seen, with the tables that firmware leaves. */
const BIOS_ROM = 0xf0000;
const MIB = 0x100000;

/**
 * The memory map of a PC.
 *
 * @param memory bytes of RAM, at least 1 MiB
 */
export const memoryMap = (memory: number): E820Range[] =>
  [
    { base: 0, length: BASE_MEMORY_END, type: E820Type.ram },
    { base: BASE_MEMORY_END, length: VIDEO_MEMORY - BASE_MEMORY_END, type: E820Type.reserved },
    { base: BIOS_ROM, length: MIB - BIOS_ROM, type: E820Type.reserved },
    { base: MIB, length: memory - MIB, type: E820Type.ram },
  ].filter(({ length }) => length > 0);

/** Ranges as QEMU's file `etc/e820` has them: 20 bytes for each, base and length of 64 bits, type of 32. */
export const encodeE820 = (ranges: readonly E820Range[]): Uint8Array =>
  joined(...ranges.flatMap(({ base, length, type }) => [u64(base), u64(length), u32(type)]));
