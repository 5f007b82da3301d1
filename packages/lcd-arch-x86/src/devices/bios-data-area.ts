import { BASE_MEMORY_END } from "./e820";
import { type PlacedBytes, u8, u16, zeros } from "./table-bytes";
import { COM1 } from "./uart16550";

const BDA_ADDRESS = 0x400;
const BDA_LENGTH = 0x100;
const KIB = 1024;
const PARAGRAPH = 16;

/** The equipment word: an x87, 80 x 25 text in colour, one serial port. */
const EQUIPMENT = (1 << 1) | (2 << 4) | (1 << 9);

/** 80 x 25 characters of 8 x 16 dots: what a screen would show, for a program that asks before it draws. */
const TextMode = { number: 3, columns: 80, rows: 25, pageBytes: 4096, crtcPort: 0x3d4, characterHeight: 16 } as const;

/** Fields by their distance from 40:0 (IBM PC AT Technical Reference, "BIOS Data Area"). */
const fields: readonly (readonly [offset: number, bytes: Uint8Array])[] = [
  [0x00, u16(COM1.port)],
  [0x0e, u16(BASE_MEMORY_END / PARAGRAPH)],
  [0x10, u16(EQUIPMENT)],
  [0x13, u16(BASE_MEMORY_END / KIB)],
  [0x49, u8(TextMode.number)],
  [0x4a, u16(TextMode.columns)],
  [0x4c, u16(TextMode.pageBytes)],
  [0x63, u16(TextMode.crtcPort)],
  [0x84, u8(TextMode.rows - 1)],
  [0x85, u16(TextMode.characterHeight)],
];

/**
 * The BIOS data area: where kernels look for the end of the memory below 640 KiB, for the extended BIOS data area
 * behind it, and for the serial port.
 */
export function biosDataArea(): PlacedBytes {
  const bytes = zeros(BDA_LENGTH);
  for (const [offset, value] of fields) bytes.set(value, offset);
  return { address: BDA_ADDRESS, bytes };
}

/** The extended BIOS data area. Its first byte is its size in KiB. */
export const extendedBiosDataArea = (): PlacedBytes => ({ address: BASE_MEMORY_END, bytes: u8(1) });
