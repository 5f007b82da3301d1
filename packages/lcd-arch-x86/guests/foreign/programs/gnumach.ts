import { join } from "node:path";
import { fetchPackage, gunzip, onlyFile, run } from "../packages";
import type { Boot, Program } from "../programs";

/** GNU Mach, of the Hurd, in 64 bits. It looks for a first program among its modules. */
export const gnumach: Program = {
  name: "gnumach",
  memory: 128,
  append: "console=com0",
  fuel: 1e9,
  lastLine: /No bootstrap code loaded[^\n]*\n/,
  expected: ["GNU Mach 1.8", "biosmem: physical memory map:", "bootstrap_create: No bootstrap code loaded"],
  // What follows from the memory map, and the time.
  ofTheComputer: [/^biosmem: [0-9a-f]+:/, /^vm_page: /, /^RTC time is /],
  prepare(packages, scratch): readonly Boot[] {
    const boot = join(fetchPackage("gnumach-image-1.8-486", packages), "boot");
    const kernel = gunzip(onlyFile(boot, /^gnumach-.*\.gz$/), scratch);
    // QEMU takes 32-bit ELF files only.
    const qemuKernel = join(scratch, "gnumach-elf32");
    run("objcopy", ["-I", "elf64-x86-64", "-O", "elf32-i386", kernel, qemuKernel], scratch);
    return [{ kernel, qemuKernel, modules: [], cpus: 1 }];
  },
};
