import { __gpa, __gva, Gpr, hpa_add, type hpa_t } from "lcd-arch-x86";
import type { Lcd } from "../src";
import { lcd_config } from "../src";
import type { SeededRandom } from "../src/host/random";
import { addressIn, randomWord } from "./words";

/**
 * What hostile code runs in: pages that it may read, write and execute, at these guest-virtual addresses, each at a
 * second one too, and page tables that are pages of the arena themselves when it is `open`.
 */
export const Arena = {
  base: 0x1000_0000,
  /** Pages of code and data. */
  pages: 12,
  /** The same pages again. */
  alias: 0x1004_0000,
  /** The last page table: its entry i maps the page at base + i * 4096, for all 512. Behind it come the tables above it. */
  tables: 0x1001_0000,
  /** Where nothing is mapped at first. */
  unmapped: 0x1010_0000,
  /** Guest-physical address of the first page; the tables follow at `tables` - `base`. */
  gpa: 0x2000_0000,
} as const;

const PAGE = 4096;
const PRESENT_WRITABLE = 3n;
const EVERYTHING = { read: true, write: true, execute: true } as const;
/** Of tables, from the last to the top one. */
const TABLES = 4;

/** Host pages of an arena. */
export interface ArenaPages {
  readonly pages: readonly hpa_t[];
}

/**
 * Gives a domain, which is an embryo, the arena, and makes it start there.
 *
 * @param code what the pages hold
 * @param open the page tables are mapped, writable
 * @param start address of the first instruction
 */
export function makeArena(lcd: Lcd, code: Uint8Array, open: boolean, start: number, random: SeededRandom): ArenaPages {
  const { memory } = lcd.host;
  const pages: hpa_t[] = [];
  for (let i = 0; i < Arena.pages; i++) {
    pages.push(lcd.space.mapNew(Arena.gpa + i * PAGE, code.slice(i * PAGE, (i + 1) * PAGE), EVERYTHING));
  }
  const tableGpa = (level: number): number => Arena.gpa + Arena.tables - Arena.base + level * PAGE;
  const tables = Array.from({ length: TABLES }, (_, level) => lcd.space.mapNew(tableGpa(level), null, EVERYTHING));
  const entry = (table: hpa_t, index: number, gpa: number): void => {
    memory.writeU64(hpa_add(table, index * 8), BigInt(gpa) | PRESENT_WRITABLE);
  };
  const aliasIndex = (Arena.alias - Arena.base) / PAGE;
  for (let i = 0; i < Arena.pages; i++) {
    entry(tables[0], i, Arena.gpa + i * PAGE);
    entry(tables[0], aliasIndex + i, Arena.gpa + i * PAGE);
  }
  if (open) {
    for (let level = 0; level < TABLES; level++) {
      entry(tables[0], (Arena.tables - Arena.base) / PAGE + level, tableGpa(level));
    }
  }
  entry(tables[1], (Arena.base >>> 21) & 511, tableGpa(0));
  entry(tables[2], 0, tableGpa(1));
  entry(tables[3], 0, tableGpa(2));
  lcd_config(lcd, {
    gva_root: __gpa(tableGpa(3)),
    pc: __gva(start),
    sp: __gva(addressIn(random)),
    function: __gva(0),
  });
  for (let register = 0; register < 16; register++) {
    if (register !== Gpr.rsp) lcd.arch.regs[register] = BigInt.asUintN(64, randomWord(random));
  }
  return { pages };
}
