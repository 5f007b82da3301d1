import { KernelError, PAGE_SIZE } from "lcd-arch-x86";
import type { MemoryRights } from "../capability/object";
import type { HostKernel } from "../host/host-kernel";
import type { HostModule } from "../host/module-table";
import type { ModulePart } from "../module";
import { bootPage } from "./boot-info";
import type { BootPageTables } from "./boot-page-tables";
import type { GuestPhysicalSpace } from "./guest-physical";
import { BOOT_BASE, BOOT_PAGES, HEAP_END, MODULE_BASE, STACK_BASE, STACK_PAGES, TABLES_BASE } from "./layout";

/** No page is both writable and executable. */
const READ_WRITE: MemoryRights = { read: true, write: true, execute: false };
const partRights: Readonly<Record<ModulePart["kind"], MemoryRights>> = {
  text: { read: true, write: false, execute: true },
  rodata: { read: true, write: false, execute: false },
  data: READ_WRITE,
};

/** What the boot address space came to. */
export interface BootSpace {
  /** First guest-physical page of the table area that no page table uses. */
  readonly tablesNext: number;
  /** First guest-physical page behind the modules. */
  readonly heapStart: number;
}

/**
 * Gives a domain its boot address space: page tables, boot pages, stack, and the modules where they were relocated to.
 *
 * @param modules the domain's module first
 * @throws KernelError ENOMEM; what was mapped by then stays in `space`
 * @see docs/microkernel.md, The boot address space
 */
export function makeBootSpace(host: HostKernel, space: GuestPhysicalSpace, modules: readonly HostModule[]): BootSpace {
  const tables = host.commonTables.clone();
  let gpa = MODULE_BASE;
  for (const module of modules) gpa = mapModule(space, tables, module, gpa);
  if (gpa >= HEAP_END)
    throw new KernelError("ENOMEM", `the modules need ${gpa - MODULE_BASE} bytes, too much for a domain`);
  const boot = { tablesNext: tables.end, heapStart: gpa };
  for (let i = 0; i < tables.count; i++) space.mapNew(TABLES_BASE + i * PAGE_SIZE, tables.bytes(i), READ_WRITE);
  const canary = makeCanary(host);
  space.mapNew(BOOT_BASE, bootPage({ ...boot, canary }), READ_WRITE);
  for (let i = 1; i < BOOT_PAGES; i++) space.mapNew(BOOT_BASE + i * PAGE_SIZE, null, READ_WRITE);
  for (let i = 0; i < STACK_PAGES; i++) space.mapNew(STACK_BASE + i * PAGE_SIZE, null, READ_WRITE);
  return boot;
}

/** @returns the guest-physical address behind the module */
function mapModule(space: GuestPhysicalSpace, tables: BootPageTables, module: HostModule, start: number): number {
  let gpa = start;
  for (const { part, pages } of module.parts) {
    const rights = partRights[part.kind];
    pages.forEach((page, index) => {
      tables.map(part.address + BigInt(index * PAGE_SIZE), gpa, rights);
      if (page.kind === "shared") space.mapShared(gpa, page.hpa, rights);
      else space.mapNew(gpa, page.contents, rights);
      gpa += PAGE_SIZE;
    });
  }
  return gpa;
}

/** As in Linux, the lowest byte is 0, so that a string that runs over the stack cannot contain it. */
function makeCanary(host: HostKernel): bigint {
  const word = () => BigInt(host.random.below(0x1_0000_0000));
  return ((word() << 32n) | word()) & ~0xffn;
}
