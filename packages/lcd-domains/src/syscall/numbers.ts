/** What isolated code may ask (docs/microkernel.md; liblcd, `lcd-domains/syscall.h`): the number goes in rax. */
export const Syscall = {
  EXIT: 0,
  PUTCHAR: 1,
  PAGES_ALLOC: 7,
  MMAP: 8,
  MUNMAP: 9,
  YIELD: 16,
  WRITE: 17,
} as const;
