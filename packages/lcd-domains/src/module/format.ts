import { KernelError } from "lcd-arch-x86";

/** The loader's refusal of an image that is not what it should be; `lcd-modprobe` prints it. */
export function invalidFormat(module: string, why: string, cause?: unknown): KernelError {
  return new KernelError("ENOEXEC", `${module}: invalid module format: ${why}`, { cause });
}

/** A number as the kernel's log shows addresses and sizes. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
