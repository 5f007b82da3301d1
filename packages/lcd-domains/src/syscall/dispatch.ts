import { errnoOf, Gpr, KernelError } from "lcd-arch-x86";
import type { TurnEnd } from "../host/task";
import type { LcdThread } from "../thread/lcd-thread";
import { putchar, write } from "./console";
import { SyscallCost } from "./cost";
import { Syscall } from "./numbers";
import { mmap, munmap, pagesAlloc } from "./pages";

/** The arguments of a syscall: r8 to r12, whatever the domain put there. */
export type SyscallArguments = readonly [r8: bigint, r9: bigint, r10: bigint, r11: bigint, r12: bigint];

/** A syscall: gives its result, 0 or more; throws a KernelError to give a negative errno. */
export type SyscallHandler = (thread: LcdThread, args: SyscallArguments) => number;

/** What the table has for each number: what it does, and how the thread's turn ends then, if it does. */
const syscalls: ReadonlyMap<number, { readonly handler: SyscallHandler; readonly end: TurnEnd | null }> = new Map([
  [Syscall.EXIT, { handler: exit, end: "stopped" }],
  [Syscall.PUTCHAR, { handler: putchar, end: null }],
  [Syscall.PAGES_ALLOC, { handler: pagesAlloc, end: null }],
  [Syscall.MMAP, { handler: mmap, end: null }],
  [Syscall.MUNMAP, { handler: munmap, end: null }],
  [Syscall.YIELD, { handler: () => 0, end: "yielded" }],
  [Syscall.WRITE, { handler: write, end: null }],
]);

/**
 * Does what a thread asked for by `vmcall`, and leaves the result in its rax.
 *
 * @returns how its turn ends, or `null` when it goes on
 */
export function dispatchSyscall(thread: LcdThread): TurnEnd | null {
  const { regs } = thread.lcd.arch;
  const entry = syscalls.get(Number(regs[Gpr.rax]));
  if (entry === undefined) {
    regs[Gpr.rax] = BigInt.asUintN(64, BigInt(-errnoOf("ENOSYS")));
    return null;
  }
  thread.charge(SyscallCost.call);
  try {
    const args: SyscallArguments = [regs[Gpr.r8], regs[Gpr.r9], regs[Gpr.r10], regs[Gpr.r11], regs[Gpr.r12]];
    regs[Gpr.rax] = BigInt(entry.handler(thread, args));
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    regs[Gpr.rax] = BigInt.asUintN(64, BigInt(-error.errno));
  }
  return entry.end;
}

/** EXIT(ret): the thread ends, with `ret` as its result. */
function exit(thread: LcdThread, [value]: SyscallArguments): number {
  thread.exit(value);
  return 0;
}
