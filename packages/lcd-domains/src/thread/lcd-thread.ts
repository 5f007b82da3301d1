import {
  Gpr,
  type gva_t,
  KernelError,
  type LcdArchExit,
  lcd_arch_run,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
} from "lcd-arch-x86";
import type { Processor } from "lcd-arch-x86/machine";
import { DEFAULT_PRIORITY, type Task, type TurnEnd } from "../host/task";
import type { Lcd } from "../lcd/lcd";
import { dispatchSyscall } from "../syscall/dispatch";
import { populateTablePage } from "./demand";
import { makeFaultReport } from "./make-fault-report";
import type { KillReason, ThreadResult } from "./result";

/**
 * - `new`: has no registers yet
 * - `ready`: may run, but was not started
 * - `runnable`: runs, or waits for its turn
 * - `suspended`: stopped by `lcd_suspend`
 * - `ended`: has a result
 */
export type ThreadState = "new" | "ready" | "runnable" | "suspended" | "ended";

/** What a thread starts with. */
export interface ThreadEntry {
  readonly pc: gva_t;
  readonly sp: gva_t;
  /** What `__lcd_start` calls. */
  readonly function: gva_t;
  /** At most six. */
  readonly arguments: readonly bigint[];
}

/** Registers of the first six integer arguments, in order (System V ABI for x86-64, "Parameter Passing"). */
const argumentRegisters = [Gpr.rdi, Gpr.rsi, Gpr.rdx, Gpr.rcx, Gpr.r8, Gpr.r9] as const;

/** A thread inside a domain: a state and a VMCS. The scheduler of a processor runs it, a turn at a time. */
export class LcdThread implements Task {
  readonly lcd: Lcd;
  readonly name: string;
  readonly cpu: number;
  /** Changes count from the next time that it becomes runnable. */
  priority = DEFAULT_PRIORITY;
  sliceLeft = 0;
  spent = 0;
  /** Instructions that it may still retire before it is killed. */
  fuel = Number.POSITIVE_INFINITY;
  /** Instructions that it has retired. */
  instructions = 0;
  private current: ThreadState = "new";
  /** True while its guest code, or a syscall of it, is being executed. */
  private executing = false;
  private outcome: ThreadResult | null = null;
  private error: { readonly cause: unknown } | null = null;
  private waiters: { resolve: (result: ThreadResult) => void; reject: (error: unknown) => void }[] = [];

  constructor(lcd: Lcd, name: string, cpu: number) {
    this.lcd = lcd;
    this.name = name;
    this.cpu = cpu;
  }

  get state(): ThreadState {
    return this.current;
  }

  /** How it ended; `null` while it has not. */
  get result(): ThreadResult | null {
    return this.outcome;
  }

  /** Whether its guest code, or a syscall of it, is being executed further up the JavaScript stack. */
  get isExecuting(): boolean {
    return this.executing;
  }

  /**
   * Sets its registers, all others to 0: at first, or after it has exited, for another run.
   *
   * @throws KernelError EINVAL when it may run now, or was ended by a fault or a limit, or has more than six arguments
   */
  prepare(entry: ThreadEntry): void {
    const free = this.current === "new" || this.outcome?.kind === "exited";
    if (!free) throw new KernelError("EINVAL", `${this.name} is ${this.describe()}: it cannot be given another start`);
    if (entry.arguments.length > argumentRegisters.length) {
      throw new KernelError(
        "EINVAL",
        `${entry.arguments.length} arguments: at most ${argumentRegisters.length} go in registers`,
      );
    }
    const { arch } = this.lcd;
    arch.regs.fill(0n);
    arch.regs[Gpr.rax] = entry.function;
    entry.arguments.forEach((value, index) => {
      arch.regs[argumentRegisters[index]] = BigInt.asUintN(64, value);
    });
    lcd_arch_set_pc(arch, entry.pc);
    lcd_arch_set_sp(arch, entry.sp);
    this.outcome = null;
    this.current = "ready";
  }

  /** Lets it run; does nothing when it has ended. @throws KernelError EINVAL when it was never prepared */
  makeRunnable(): void {
    if (this.current === "new") throw new KernelError("EINVAL", `${this.name} has no registers yet`);
    if (this.current !== "ready" && this.current !== "suspended") return;
    this.current = "runnable";
    this.lcd.host.scheduler.wake(this);
  }

  /** Takes it off its processor until {@link makeRunnable}; does nothing when it does not run. */
  suspend(): void {
    if (this.current !== "runnable") return;
    this.current = "suspended";
    this.lcd.host.scheduler.remove(this);
  }

  /** Ends it; does nothing when it has ended. */
  kill(reason: KillReason): void {
    if (this.current === "runnable") this.lcd.host.scheduler.remove(this);
    this.end({ kind: "killed", reason });
  }

  /** Ends it with its own result. */
  exit(value: bigint): void {
    this.end({ kind: "exited", value });
  }

  /** Waits until it has ended; gives its result at once when it has. Rejects when the host failed while it ran. */
  wait(): Promise<ThreadResult> {
    if (this.error !== null) return Promise.reject(this.error.cause);
    if (this.outcome !== null) return Promise.resolve(this.outcome);
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  run(processor: Processor, budget: number): TurnEnd {
    this.spent = 0;
    this.executing = true;
    try {
      for (;;) {
        const allowed = Math.min(budget - this.spent, this.fuel);
        if (this.fuel <= 0) this.end({ kind: "killed", reason: "fuel" });
        if (this.current !== "runnable") return "stopped";
        if (allowed <= 0) return "expired";
        const exit = lcd_arch_run(this.lcd.arch, processor, { budget: allowed });
        // A vmcall retires here, where it is done: else code of nothing but vmcalls would run for ever on no fuel.
        this.account(exit.instructions + (exit.kind === "vmcall" ? 1 : 0));
        const end = this.handle(exit);
        if (end !== null) return end;
      }
    } finally {
      this.executing = false;
      this.lcd.console.flush();
    }
  }

  fail(cause: unknown): void {
    this.error = { cause };
    this.current = "ended";
    for (const { reject } of this.waiters.splice(0)) reject(cause);
  }

  /** Takes work that a syscall made from the turn, as if it were instructions. */
  charge(instructions: number): void {
    this.spent += instructions;
  }

  /** An exit that retired nothing counts as one instruction of the turn, so that no turn lasts for ever. */
  private account(instructions: number): void {
    this.spent += Math.max(1, instructions);
    this.fuel -= instructions;
    this.instructions += instructions;
  }

  /** @returns how the turn ends, or `null` when it goes on */
  private handle(exit: LcdArchExit): TurnEnd | null {
    switch (exit.kind) {
      case "vmcall":
        return dispatchSyscall(this);
      case "preempted":
        return null;
      case "external-interrupt":
        return "interrupted";
      case "ept-violation":
        if (populateTablePage(this.lcd, exit)) return null;
        break;
      default:
        break;
    }
    this.end({ kind: "faulted", report: makeFaultReport(this, exit) });
    return "stopped";
  }

  private end(result: ThreadResult): void {
    if (this.current === "ended") return;
    this.current = "ended";
    this.outcome = result;
    for (const { resolve } of this.waiters.splice(0)) resolve(result);
  }

  private describe(): string {
    if (this.outcome === null) return this.current;
    return this.outcome.kind === "killed" ? `killed (${this.outcome.reason})` : this.outcome.kind;
  }
}
