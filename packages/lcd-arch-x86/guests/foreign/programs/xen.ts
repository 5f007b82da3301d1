import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchPackage, gunzip, onlyFile } from "../packages";
import type { Program } from "../programs";

const PACKAGE = "xen-hypervisor-4.17-amd64";

/** Xen prints its log on COM1, does without a BIOS, and stays where it is after a panic. */
export const xenArguments = "console=com1 com1=115200,8n1,0x3f8,4 no-real-mode loglvl=all noreboot";

/** Xen's file, unpacked into `scratch`. */
export const xenKernel = (packages: string, scratch: string): string =>
  gunzip(onlyFile(join(fetchPackage(PACKAGE, packages), "boot"), /^xen-.*\.gz$/), scratch);

/** Lines of Xen that tell of the computer. */
export const xenOfTheComputer: readonly RegExp[] = [
  /Bootloader: /,
  // The memory map and what follows from it.
  /^\(XEN\) +\[[0-9a-f]{16}, [0-9a-f]{16}\] \(/,
  /New Xen image base address|System RAM:|Faking a node at|SMP MP-table at|DMI .*present/,
  /ACPI: |IRQ\d+ used by override/,
  // The model, and what it needs against speculative execution.
  /CPU Vendor: |model \S+ - assuming vulnerable|Microcode|microcode|No SSBD controls|mwait-idle: /,
  /Hardware hints:|Support for (HVM|PV) VMs:|XPTI \(64-bit PV only\)/,
  /xstate: size|[Mm]achine check|mcheck_poll/,
  // QEMU's processors come up with different MTRRs.
  /mtrr: |MTRR |^\(XEN\) +(\d|[0-9a-f]{5}-[0-9a-f]{5}) (disabled|base |write|uncach)/,
  // Time, and the local APIC.
  /Platform timer is|Detected .* MHz processor|CPU0: TSC: |TSC only partially|TSC deadline timer|APIC driver/,
  // Hardware virtualization is VT-x here and SVM there.
  /HVM: |VMX: |SVM: |^\(XEN\) {2}- (none|Extended Page|Virtual-Processor|Nested Page|Virtual GIF)/,
];

/** Xen without a kernel for its first domain: it comes up with all processors, and fails to build the domain. */
export const xen: Program = {
  name: "xen",
  memory: 512,
  append: `${xenArguments} sync_console`,
  fuel: 3e9,
  lastLine: /Manual reset required[^\n]*\n/,
  expected: ["Xen version 4.17", "ENABLING IO-APIC IRQs", "*** Building a PV Dom0 ***", "Could not construct domain 0"],
  ofTheComputer: xenOfTheComputer,
  prepare(packages, scratch) {
    const kernel = xenKernel(packages, scratch);
    const file = join(scratch, "not-a-kernel");
    // Xen takes the last four bytes for the size of a packed kernel.
    writeFileSync(file, "not a kernel\0\0\0\0");
    return [1, 4].map((cpus) => ({ kernel, qemuKernel: kernel, modules: [{ file, text: "" }], cpus }));
  },
};
