import { __gpa, __gva } from "lcd-arch-x86";
import { type HostKernel, type Lcd, lcd_config, lcd_create } from "../src";

/** Where raw code is, as the domain sees it; it is at guest-physical {@link RAW_GPA}. */
export const RAW_CODE = 0x1000_0000;
export const RAW_GPA = 0x2000_0000;
/** The last page table, as the domain sees it: entry i maps RAW_CODE + i * 4096; all tables are at guest-physical RAW_GPA + 0x10000 on. */
export const RAW_TABLE = RAW_CODE + 0x1_0000;

const everything = { read: true, write: true, execute: true };

/** A little-endian 32-bit word, for machine code. */
export const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** mov rax, number; mov r8, a; mov r9, b; vmcall: 7 + 7 + 7 + 3 bytes, for arguments below 2^31. */
export const syscall = (number: number, a = 0, b = 0): number[] => [
  ...[0x48, 0xc7, 0xc0, ...word(number)],
  ...[0x49, 0xc7, 0xc0, ...word(a)],
  ...[0x49, 0xc7, 0xc1, ...word(b)],
  ...[0x0f, 0x01, 0xc1],
];

/**
 * A domain, configured, that starts with machine code in `pages` pages that it may read, write and execute, and has its
 * own page tables, which it may write; the stack is at the end of those pages.
 */
export async function rawDomain(host: HostKernel, code: readonly number[], pages = 2): Promise<Lcd> {
  const lcd = await lcd_create(host, "spin");
  const image = new Uint8Array(pages * 4096);
  image.set(code);
  for (let i = 0; i < pages; i++)
    lcd.space.mapNew(RAW_GPA + i * 4096, image.slice(i * 4096, (i + 1) * 4096), everything);
  const tables = RAW_GPA + (RAW_TABLE - RAW_CODE);
  const last = new BigUint64Array(512);
  for (let i = 0; i < pages; i++) last[i] = BigInt(RAW_GPA + i * 4096) | 3n;
  last[16] = BigInt(tables) | 3n;
  const table = (level: number, entries: BigUint64Array): void => {
    lcd.space.mapNew(tables + level * 0x1000, new Uint8Array(entries.buffer), everything);
  };
  const leading = (index: number, level: number): BigUint64Array => {
    const entries = new BigUint64Array(512);
    entries[index] = BigInt(tables + level * 0x1000) | 3n;
    return entries;
  };
  table(0, last);
  table(1, leading(128, 0));
  table(2, leading(0, 1));
  table(3, leading(0, 2));
  const sp = __gva(RAW_CODE + pages * 4096);
  lcd_config(lcd, { gva_root: __gpa(tables + 0x3000), pc: __gva(RAW_CODE), sp });
  return lcd;
}
