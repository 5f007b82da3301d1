import { gnumach } from "./programs/gnumach";
import { grub } from "./programs/grub";
import { xen } from "./programs/xen";
import { xenLinux } from "./programs/xen-linux";

/** A kernel that somebody else has written. */
export interface Program {
  readonly name: string;
  /** RAM, in MiB. */
  readonly memory: number;
  /** The command line, behind the kernel's name. */
  readonly append: string;
  /** Instructions after which it should have printed its last line. */
  readonly fuel: number;
  /** Found in what it prints: then it has nothing more to say. */
  readonly lastLine: RegExp;
  /** What it has to print, wherever it runs. */
  readonly expected: readonly string[];
  /** Lines that tell of the processor, the devices or the firmware, which are others here than on QEMU. */
  readonly ofTheComputer: readonly RegExp[];
  /** Takes minutes: it is run when it is named only. */
  readonly long?: true;
  /**
   * Gets its files.
   *
   * @param packages where Debian packages are kept, for `fetchPackage`
   * @param scratch a folder for what is made of them
   * @throws Missing
   */
  prepare(packages: string, scratch: string): readonly Boot[];
}

/** What is booted. */
export interface Boot {
  readonly kernel: string;
  /** The kernel in a form that QEMU takes. None: it is not compared. */
  readonly qemuKernel?: string;
  readonly modules: readonly { readonly file: string; readonly text: string }[];
  readonly cpus: number;
}

export const programs: readonly Program[] = [xen, gnumach, grub, xenLinux];
