import { resolve } from "node:path";
import type { BootModule, Computer } from "lcd-arch-x86/machine";
import { CommandError } from "../errors";
import { failureOf } from "../failure";
import { readBytes } from "../read-bytes";
import type { KernelOptions } from "./command";

/** What a computer is started with. */
export interface KernelFiles {
  readonly kernel: string;
  readonly image: Uint8Array;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
}

/** Reads the kernel and its modules. @throws CommandError, or an error of the file system */
export function readKernelFiles(kernel: string, { append = "", module }: KernelOptions, cwd: string): KernelFiles {
  const modules = module.map((text) => ({ text, data: readBytes(resolve(cwd, text.split(" ")[0])) }));
  // As QEMU puts it together: with a space even when nothing is appended.
  return { kernel, image: readBytes(resolve(cwd, kernel)), commandLine: `${kernel} ${append}`, modules };
}

/** Loads them. @throws CommandError with the file's name, for what is no kernel */
export function bootFiles(computer: Computer, { kernel, image, commandLine, modules }: KernelFiles): void {
  try {
    computer.boot(image, { commandLine, modules });
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    const instead = isRelocatable(image) ? `; to run a kernel module: lcd run ${kernel}` : "";
    throw new CommandError(`${kernel}: ${failure.message}${instead}`, failure.exitCode, failure.code);
  }
}

/** Whether it is an ELF file for a linker: e_type, behind the magic and 12 more bytes, is ET_REL. */
const isRelocatable = (file: Uint8Array): boolean =>
  [0x7f, 0x45, 0x4c, 0x46].every((byte, index) => file[index] === byte) && file[16] === 1 && file[17] === 0;
