/** A file that a Multiboot loader cannot load, or that does not fit in the machine: a sentence that says why. */
export class MultibootError extends Error {
  /** What Linux's `execve` gives for such files. */
  readonly code = "ENOEXEC";
  override readonly name = "MultibootError";
}

/** `0x1000 to 0x1fff`, for messages. */
export const range = (base: number, size: number): string =>
  `0x${base.toString(16)} to 0x${(base + Math.max(size, 1) - 1).toString(16)}`;
