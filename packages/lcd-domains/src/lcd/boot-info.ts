import { PAGE_SIZE } from "lcd-arch-x86";
import { BOOT_CANARY, BOOT_INFO, HEAP_END, STACK_BASE, STACK_TOP, TABLES_END } from "./layout";

/** "LCDBOOT1", the first letter in the lowest byte. */
const BOOT_MAGIC = 0x31544f4f4244434cn;

/** What the domain learns about its address space. */
export interface BootInfo {
  /** First guest-physical page that no page table uses; from here to the end of the area pages come when touched. */
  readonly tablesNext: number;
  /** First guest-physical page that nothing is mapped at. */
  readonly heapStart: number;
  /** What the stack protector compares with. */
  readonly canary: bigint;
}

/** The first boot page: the canary, and `struct lcd_boot_info` (liblcd, `lcd-domains/boot-info.h`). */
export function bootPage(info: BootInfo): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  view.setBigUint64(BOOT_CANARY, info.canary, true);
  const fields = [BOOT_MAGIC, info.tablesNext, TABLES_END, info.heapStart, HEAP_END, STACK_BASE, STACK_TOP];
  fields.forEach((value, index) => {
    view.setBigUint64(BOOT_INFO + index * 8, BigInt(value), true);
  });
  return page;
}
