/** Exceptions by vector (SDM 3A, table "Protected-Mode Exceptions and Interrupts"). */
export const exceptions: Readonly<Record<number, { readonly mnemonic: string; readonly name: string }>> = {
  0: { mnemonic: "#DE", name: "divide error" },
  1: { mnemonic: "#DB", name: "debug exception" },
  2: { mnemonic: "NMI", name: "non-maskable interrupt" },
  3: { mnemonic: "#BP", name: "breakpoint" },
  4: { mnemonic: "#OF", name: "overflow" },
  5: { mnemonic: "#BR", name: "bound range exceeded" },
  6: { mnemonic: "#UD", name: "invalid opcode" },
  7: { mnemonic: "#NM", name: "device not available" },
  8: { mnemonic: "#DF", name: "double fault" },
  10: { mnemonic: "#TS", name: "invalid TSS" },
  11: { mnemonic: "#NP", name: "segment not present" },
  12: { mnemonic: "#SS", name: "stack-segment fault" },
  13: { mnemonic: "#GP", name: "general protection" },
  14: { mnemonic: "#PF", name: "page fault" },
  16: { mnemonic: "#MF", name: "x87 floating-point error" },
  17: { mnemonic: "#AC", name: "alignment check" },
  18: { mnemonic: "#MC", name: "machine check" },
  19: { mnemonic: "#XM", name: "SIMD floating-point exception" },
  20: { mnemonic: "#VE", name: "virtualization exception" },
  21: { mnemonic: "#CP", name: "control protection exception" },
};

/** Vector of a page fault. */
export const PAGE_FAULT = 14;

/** What a page fault's error code says (SDM 3A, "Page-Fault Exceptions"). */
export function describePageFault(errorCode: number): string[] {
  if (errorCode & 8) return ["a reserved bit is set in a page-table entry"];
  return [errorCode & 1 ? "the page is there, but does not allow it" : "the page is not there"];
}

/** What another exception's error code says: a selector and where it came from (SDM 3A, "Error Code"). */
export function describeSelector(errorCode: number): string[] {
  if (errorCode === 0) return [];
  const table = errorCode & 2 ? "IDT" : errorCode & 4 ? "LDT" : "GDT";
  const words = [`${table} index ${errorCode >>> 3}`];
  if (errorCode & 1) words.push("caused by an event from outside");
  return words;
}
