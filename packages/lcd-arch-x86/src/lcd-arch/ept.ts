import { __hpa, gpa_add, type gpa_t, hpa_add, type hpa_t, PAGE_SIZE } from "../address";
import { KernelError } from "../errno";
import { type EptEntry, EptPermission, GUEST_PHYSICAL_LIMIT } from "./ept-tables";
import { alive, dropTranslations, type LcdArch } from "./lcd-arch";

/** How a page is mapped; it may be read, written and executed where nothing is said. */
export interface EptMapOptions {
  readonly read?: boolean;
  /** Not without `read`: the hardware has no write-only pages. */
  readonly write?: boolean;
  readonly execute?: boolean;
  /** Replaces a mapping that is there. */
  readonly overwrite?: boolean;
}

/**
 * Maps one 4 KiB page of guest-physical memory.
 *
 * @param gpa page-aligned, below 2^48
 * @param hpa page-aligned, inside RAM
 * @throws KernelError EEXIST when `gpa` is mapped and `overwrite` is not set; EINVAL; ENOMEM
 * @see seed 001, ADDRESS SPACES
 */
export function lcd_arch_ept_map(lcd: LcdArch, gpa: gpa_t, hpa: hpa_t, options: EptMapOptions = {}): void {
  lcd_arch_ept_map_range(lcd, gpa, hpa, 1, options);
}

/**
 * Maps `pages` pages in a row: all of them, or none when it throws.
 *
 * @throws KernelError as `lcd_arch_ept_map`
 */
export function lcd_arch_ept_map_range(
  lcd: LcdArch,
  gpa: gpa_t,
  hpa: hpa_t,
  pages: number,
  options: EptMapOptions = {},
): void {
  const { ept } = alive(lcd);
  const permissions = permissionsOf(options);
  checkGuestRange(gpa, pages);
  checkHostRange(lcd, hpa, pages);
  let replaces = false;
  for (let page = 0; page < pages; page++) {
    const at = pageAt(gpa, page);
    if (ept.find(at) === null) continue;
    if (options.overwrite !== true) throw new KernelError("EEXIST", `guest-physical 0x${at.toString(16)} is mapped`);
    replaces = true;
  }
  reachAll(lcd, gpa, pages);
  for (let page = 0; page < pages; page++) {
    ept.set(ept.reach(pageAt(gpa, page)), hpa_add(hpa, page * PAGE_SIZE), permissions);
  }
  if (replaces) dropTranslations(lcd);
}

/**
 * Takes the mapping of one page out.
 *
 * @throws KernelError ENOENT when there is none; EINVAL
 */
export function lcd_arch_ept_unmap(lcd: LcdArch, gpa: gpa_t): void {
  lcd_arch_ept_unmap_range(lcd, gpa, 1);
}

/**
 * Takes the mappings of `pages` pages in a row out: all of them, or none when it throws.
 *
 * @throws KernelError ENOENT when one is not mapped; EINVAL
 */
export function lcd_arch_ept_unmap_range(lcd: LcdArch, gpa: gpa_t, pages: number): void {
  const { ept } = alive(lcd);
  checkGuestRange(gpa, pages);
  for (let page = 0; page < pages; page++) {
    const at = pageAt(gpa, page);
    if (ept.find(at) === null) throw new KernelError("ENOENT", `guest-physical 0x${at.toString(16)} is not mapped`);
  }
  for (let page = 0; page < pages; page++) ept.clear(pageAt(gpa, page));
  dropTranslations(lcd);
}

/**
 * The EPT entry that maps the page of `gpa`, or null.
 *
 * @param gpa any address in the page
 * @throws KernelError EINVAL
 */
export function lcd_arch_ept_walk(lcd: LcdArch, gpa: gpa_t): EptEntry | null {
  const { ept } = alive(lcd);
  return gpa < GUEST_PHYSICAL_LIMIT ? ept.find(gpa) : null;
}

/**
 * Where a byte of guest-physical memory is in host memory.
 *
 * @throws KernelError ENOENT when `gpa` is not mapped
 */
export function lcd_arch_ept_gpa_to_hpa(lcd: LcdArch, gpa: gpa_t): hpa_t {
  const found = lcd_arch_ept_walk(lcd, gpa);
  if (found === null) throw new KernelError("ENOENT", `guest-physical 0x${gpa.toString(16)} is not mapped`);
  return __hpa(found.hpa + (gpa % BigInt(PAGE_SIZE)));
}

/** Makes all tables of a range, or none when memory runs out. */
function reachAll(lcd: LcdArch, gpa: gpa_t, pages: number): void {
  const { ept } = lcd.internals;
  let reached = 0;
  try {
    for (; reached < pages; reached++) ept.reach(pageAt(gpa, reached));
  } catch (error) {
    while (--reached >= 0) ept.prune(pageAt(gpa, reached));
    throw error;
  }
}

function pageAt(gpa: gpa_t, index: number): gpa_t {
  return gpa_add(gpa, index * PAGE_SIZE);
}

function permissionsOf({ read = true, write = true, execute = true }: EptMapOptions): bigint {
  if (write && !read) throw new KernelError("EINVAL", "a page that may be written must be readable too");
  if (!read && !execute) throw new KernelError("EINVAL", "a page that may be used for nothing is not a mapping");
  return (read ? EptPermission.read : 0n) | (write ? EptPermission.write : 0n) | (execute ? EptPermission.execute : 0n);
}

function checkGuestRange(gpa: gpa_t, pages: number): void {
  if (!Number.isSafeInteger(pages) || pages < 0 || gpa % BigInt(PAGE_SIZE) !== 0n) {
    throw new KernelError("EINVAL", `${pages} pages at guest-physical 0x${gpa.toString(16)}: not whole pages`);
  }
  if (gpa + BigInt(pages) * BigInt(PAGE_SIZE) > GUEST_PHYSICAL_LIMIT) {
    throw new KernelError("EINVAL", `${pages} pages at guest-physical 0x${gpa.toString(16)}: addresses have 48 bits`);
  }
}

function checkHostRange(lcd: LcdArch, hpa: hpa_t, pages: number): void {
  const { size } = lcd.internals.system.machine.memory;
  if (hpa % BigInt(PAGE_SIZE) !== 0n || hpa + BigInt(pages) * BigInt(PAGE_SIZE) > BigInt(size)) {
    throw new KernelError("EINVAL", `${pages} pages at host-physical 0x${hpa.toString(16)}: not whole pages of RAM`);
  }
}
