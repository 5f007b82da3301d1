/**
 * The address space of a test case, the same on the real processor (native/harness.c has these numbers too) and in
 * the emulator. Everything else is unmapped, so a stray access is a page fault on both.
 */
export const Layout = {
  /** Two pages of code, readable and executable, filled with `int3` around the case. */
  codeBase: 0x0800_0000,
  codeSize: 0x2000,
  /** Two pages of data, readable and writable, not executable. */
  dataBase: 0x1000_0000,
  dataSize: 0x2000,
  /** The part of the data whose contents each case chooses; the page boundary is in its middle. */
  windowBase: 0x1000_0fc0,
  windowSize: 128,
  /** Base of GS. That of FS is not used: the C library of the harness needs it. */
  gsBase: 0x0fff_0000,
  /** One page that belongs to the runner; a place that shifts and sums of the other addresses do not hit. */
  controlBase: 0x5ab3_c000,
  /** The control page's word with the address that a case jumps to when it is done. */
  exitAddress: 0x5ab3_c008,
  /** A page where far jumps out of a case arrive, in the emulator all jumps: the runner's. */
  exitBase: 0x5ab3_d000,
} as const;

/** `int3`: what the code pages hold where the case does not. */
export const CODE_FILL = 0xcc;

/** What the data pages hold outside the window: byte `index` of the two pages. */
export function backgroundByte(index: number): number {
  return ((index * 167 + 13) ^ (index >> 5)) & 0xff;
}
