import { KernelError, type LcdArchExit, PAGE_SIZE } from "lcd-arch-x86";
import { TABLES_END } from "../lcd/layout";
import type { Lcd } from "../lcd/lcd";

/**
 * Pages of the table area that no page table uses yet are given, zeroed, when the domain first touches them.
 *
 * @returns whether the access can be tried again: false when it was elsewhere, or the host has no page left
 * @see liblcd, `lcd-domains/boot-info.h`, tables_next
 */
export function populateTablePage(lcd: Lcd, exit: Extract<LcdArchExit, { kind: "ept-violation" }>): boolean {
  const gpa = Number(exit.gpa);
  if (gpa < lcd.boot.tablesNext || gpa >= TABLES_END) return false;
  try {
    lcd.space.mapNew(gpa - (gpa % PAGE_SIZE), null, { read: true, write: true, execute: false });
    return true;
  } catch (error) {
    // EEXIST: the page is there, and the access was one that it does not allow.
    if (error instanceof KernelError && (error.code === "ENOMEM" || error.code === "EEXIST")) return false;
    throw error;
  }
}
