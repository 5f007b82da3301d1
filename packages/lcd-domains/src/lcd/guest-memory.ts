import { gva_add, type gva_t, hpa_add, KernelError, lcd_arch_ept_walk, PAGE_SIZE } from "lcd-arch-x86";
import { walkGuest } from "./guest-walk";
import type { Lcd } from "./lcd";

/**
 * Reads what a domain sees at a guest-virtual address: a claim, checked page by page through its own page tables and
 * its EPT.
 *
 * @param length bytes; the caller bounds it
 * @throws KernelError EFAULT when the domain could not read all of it itself
 */
export function readGuest(lcd: Lcd, gva: gva_t, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const at = gva_add(gva, done);
    const count = Math.min(length - done, PAGE_SIZE - Number(at % BigInt(PAGE_SIZE)));
    const { page } = walkGuest(lcd, at);
    const entry = page === null ? null : lcd_arch_ept_walk(lcd.arch, page.gpa);
    if (page === null || entry?.read !== true) {
      throw new KernelError("EFAULT", `nothing is mapped at 0x${at.toString(16)}`);
    }
    const inPage = Number(page.gpa % BigInt(PAGE_SIZE));
    bytes.set(lcd.host.memory.read(hpa_add(entry.hpa, inPage), count), done);
    done += count;
  }
  return bytes;
}

/** As {@link readGuest}, but gives what can be read of a range, from its start on. */
export function readGuestPrefix(lcd: Lcd, gva: gva_t, length: number): Uint8Array {
  for (let count = length; count > 0; ) {
    try {
      return readGuest(lcd, gva, count);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
    }
    // Shorten to the last page boundary that is inside.
    const end = (gva + BigInt(count - 1)) & ~BigInt(PAGE_SIZE - 1);
    count = Math.max(0, Number(end - gva));
  }
  return new Uint8Array(0);
}
