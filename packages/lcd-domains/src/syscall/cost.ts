/**
 * What a syscall takes from the turn of its thread, in instructions, beside the vmcall itself: so that a turn which is
 * nothing but syscalls takes about as long as any other. It is not taken from the thread's fuel.
 */
export const SyscallCost = {
  /** Each syscall: two changes of world, and the dispatch. */
  call: 50,
  /** Each page that is zeroed, mapped or taken out. */
  page: 200,
  /** Each 64 bytes that are printed. */
  line: 1,
} as const;

/** Bytes that a `line` is. */
export const LINE_BYTES = 64;
