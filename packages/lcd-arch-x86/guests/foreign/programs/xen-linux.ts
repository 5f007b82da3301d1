import { join } from "node:path";
import { fetchPackage, onlyFile, run } from "../packages";
import type { Program } from "../programs";
import { xenArguments, xenKernel, xenOfTheComputer } from "./xen";

/** The package of the kernel that Debian's linux-image-amd64 stands for today. */
function linuxPackage(packages: string): string {
  const depends = run("apt-cache", ["depends", "linux-image-amd64"], packages).toString();
  return /Depends: (linux-image-[0-9]\S*)/.exec(depends)?.[1] ?? "linux-image-amd64";
}

/** Xen with Debian's Linux as its first domain, in 64 bits, ring 3, which comes up as far as there is a file system. */
export const xenLinux: Program = {
  name: "xen-linux",
  memory: 768,
  append: `${xenArguments} dom0_mem=256M`,
  fuel: 30e9,
  lastLine: /Hardware Dom0 crashed[^\n]*\n/,
  expected: [
    "*** Building a PV Dom0 ***",
    "Hypervisor detected: Xen PV",
    "Memory: ",
    "Loaded X.509 cert",
    "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
  ],
  ofTheComputer: xenOfTheComputer,
  long: true,
  prepare(packages, scratch) {
    const boot = join(fetchPackage(linuxPackage(packages), packages), "boot");
    const modules = [{ file: onlyFile(boot, /^vmlinuz-/), text: "console=hvc0 earlyprintk=xen nokaslr panic=1" }];
    // Linux tells of each device, of which QEMU has others: its lines are not compared.
    const kernel = xenKernel(packages, scratch);
    return [1, 4].map((cpus) => ({ kernel, modules, cpus }));
  },
};
