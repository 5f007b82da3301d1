import {
  __gpa,
  type gpa_t,
  hpa_add,
  type hpa_t,
  KernelError,
  type LcdArch,
  lcd_arch_ept_map,
  lcd_arch_ept_unmap,
  PAGE_SIZE,
} from "lcd-arch-x86";
import type { MemoryRights } from "../capability/object";
import type { PageAllocator, PageOwner } from "../host/page-allocator";
import { GUEST_PHYSICAL_END } from "./layout";

/** A domain's guest-physical space, and the host pages that the microkernel put there for it. */
export class GuestPhysicalSpace {
  readonly owner: PageOwner;
  private readonly pages: PageAllocator;
  private readonly arch: LcdArch;
  private readonly owned: hpa_t[] = [];

  constructor(arch: LcdArch, pages: PageAllocator, owner: PageOwner) {
    this.arch = arch;
    this.pages = pages;
    this.owner = owner;
  }

  /**
   * Maps a new page at `gpa`; it goes with the domain.
   *
   * @param contents 4096 bytes, or `null` for all zero
   * @throws KernelError ENOMEM, EEXIST
   */
  mapNew(gpa: number, contents: Uint8Array | null, rights: MemoryRights): hpa_t {
    const hpa = contents === null ? this.pages.alloc(this.owner) : this.pages.allocWith(this.owner, contents);
    try {
      lcd_arch_ept_map(this.arch, __gpa(gpa), hpa, rights);
    } catch (error) {
      this.pages.release(this.owner, hpa);
      throw error;
    }
    this.owned.push(hpa);
    return hpa;
  }

  /** Maps a page that somebody else owns. @throws KernelError ENOMEM, EEXIST */
  mapShared(gpa: number, hpa: hpa_t, rights: MemoryRights): void {
    lcd_arch_ept_map(this.arch, __gpa(gpa), hpa, rights);
  }

  /**
   * Maps `count` pages in a row; all of them or none.
   *
   * @throws KernelError EINVAL when `gpa` is not page-aligned or the pages pass the end of guest-physical space;
   *   EEXIST when something is mapped there; ENOMEM
   */
  mapRange(gpa: gpa_t, hpa: hpa_t, count: number, rights: MemoryRights): void {
    const end = gpa + BigInt(count * PAGE_SIZE);
    if (gpa % BigInt(PAGE_SIZE) !== 0n || end > GUEST_PHYSICAL_END) {
      throw new KernelError("EINVAL", `${count} pages at guest-physical 0x${gpa.toString(16)}: no such place`);
    }
    for (let i = 0; i < count; i++) {
      try {
        lcd_arch_ept_map(this.arch, pageOf(gpa, i), hpa_add(hpa, i * PAGE_SIZE), rights);
      } catch (error) {
        this.unmapRange(gpa, i);
        throw error;
      }
    }
  }

  /** Takes `count` mapped pages in a row out. */
  unmapRange(gpa: gpa_t, count: number): void {
    for (let i = 0; i < count; i++) lcd_arch_ept_unmap(this.arch, pageOf(gpa, i));
  }

  /** Takes back every page that {@link mapNew} gave; the domain must not run any more. */
  releaseAll(): void {
    for (const hpa of this.owned.splice(0)) this.pages.release(this.owner, hpa);
  }
}

function pageOf(gpa: gpa_t, index: number): gpa_t {
  return __gpa(gpa + BigInt(index * PAGE_SIZE));
}
