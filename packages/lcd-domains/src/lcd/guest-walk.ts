import {
  __gpa,
  gpa_add,
  type gpa_t,
  type gva_t,
  KernelError,
  lcd_arch_ept_gpa_to_hpa,
  lcd_arch_gva_root,
} from "lcd-arch-x86";
import { PageEntry } from "./boot-page-tables";
import type { Lcd } from "./lcd";

/** Levels of a guest's page tables, top first (SDM 3A, "4-Level Paging"). */
export const walkLevels = [
  { name: "PML4E", shift: 39n },
  { name: "PDPTE", shift: 30n },
  { name: "PDE", shift: 21n },
  { name: "PTE", shift: 12n },
] as const;

const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;
const EXECUTE_DISABLE = 1n << 63n;

/** One level of a walk. */
export interface WalkStep {
  readonly level: (typeof walkLevels)[number]["name"];
  /** Where the entry is. */
  readonly gpa: gpa_t;
  /** The entry; `null` when nothing is mapped at that guest-physical address. */
  readonly entry: bigint | null;
  /** The entry is present, but has bits set that must be 0. */
  readonly reserved: boolean;
}

/** Where a guest-virtual address leads, in the domain's own page tables. */
export interface GuestWalk {
  readonly gva: gva_t;
  readonly steps: readonly WalkStep[];
  /** `null` when the walk ends before a page is reached. */
  readonly page: { readonly gpa: gpa_t; readonly write: boolean; readonly execute: boolean } | null;
}

/**
 * Walks a domain's page tables as the hardware would. They are the domain's own: all that this tells is what the
 * domain claims. The walk itself is bounded, and reads only what the EPT gives the domain.
 */
export function walkGuest(lcd: Lcd, gva: gva_t): GuestWalk {
  const steps: WalkStep[] = [];
  let table: bigint = lcd_arch_gva_root(lcd.arch) & ADDRESS_MASK;
  const reservedBits = ADDRESS_MASK & -(1n << BigInt(lcd.host.physicalAddressBits));
  let write = true;
  let execute = true;
  if (!isCanonical(gva)) return { gva, steps, page: null };
  for (const { name, shift } of walkLevels) {
    const gpa = gpa_add(__gpa(table), ((gva >> shift) & 0x1ffn) * 8n);
    const entry = readEntry(lcd, gpa);
    const present = entry !== null && (entry & BigInt(PageEntry.present)) !== 0n;
    const reserved = present && (entry & reservedBits) !== 0n;
    steps.push({ level: name, gpa, entry, reserved });
    if (!present || reserved) return { gva, steps, page: null };
    write &&= (entry & BigInt(PageEntry.writable)) !== 0n;
    execute &&= (entry & EXECUTE_DISABLE) === 0n;
    const large = (entry & BigInt(PageEntry.large)) !== 0n && (name === "PDPTE" || name === "PDE");
    if (large || name === "PTE") {
      const offset = (1n << shift) - 1n;
      return { gva, steps, page: { gpa: __gpa((entry & ADDRESS_MASK & ~offset) | (gva & offset)), write, execute } };
    }
    table = entry & ADDRESS_MASK;
  }
  return { gva, steps, page: null };
}

/** Bits 63 to 47 are all equal. */
function isCanonical(gva: gva_t): boolean {
  const top = gva >> 47n;
  return top === 0n || top === 0x1ffffn;
}

function readEntry(lcd: Lcd, gpa: gpa_t): bigint | null {
  try {
    return lcd.host.memory.readU64(lcd_arch_ept_gpa_to_hpa(lcd.arch, gpa));
  } catch (error) {
    if (error instanceof KernelError) return null;
    throw error;
  }
}
