/** What every malformed file ends in: a sentence, and the code that Linux's `execve` and `init_module` give. */
export class ElfError extends Error {
  readonly code = "ENOEXEC";
  override readonly name = "ElfError";
}
