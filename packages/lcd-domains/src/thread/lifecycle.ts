import { KernelError } from "lcd-arch-x86";
import { DEFAULT_PRIORITY, LOWEST_PRIORITY } from "../host/task";
import { lcd_config, lcd_run } from "../lcd/lifecycle";
import { nextStatus } from "../lcd/status";
import type { LcdThread } from "./lcd-thread";
import type { KillReason, ThreadResult } from "./result";

/** How a thread runs. */
export interface ThreadStartOptions {
  /** Instructions that it may retire; no limit when absent. */
  readonly fuel?: number;
  /** 0, the most urgent, to 139; nothing runs on a processor while something more urgent could. 120 when absent. */
  readonly priority?: number;
}

/**
 * Starts a domain's init thread: it runs the module's init code. An lcd that is still an embryo is configured first,
 * to start as docs/microkernel.md says.
 *
 * @throws KernelError EINVAL when the domain runs already, is dead, or has nothing to run
 * @see seed 000, EXAMPLE
 */
export function lcd_thread_start(thread: LcdThread, options: ThreadStartOptions = {}): void {
  const { lcd } = thread;
  const fuel = options.fuel ?? Number.POSITIVE_INFINITY;
  if (!(fuel > 0)) throw new KernelError("EINVAL", `fuel of ${fuel} instructions: it must be more than 0`);
  const priority = options.priority ?? DEFAULT_PRIORITY;
  if (!Number.isInteger(priority) || priority < 0 || priority > LOWEST_PRIORITY) {
    throw new KernelError("EINVAL", `priority ${priority}: priorities are 0 to ${LOWEST_PRIORITY}`);
  }
  if (lcd.status === "embryo") lcd_config(lcd);
  nextStatus(lcd.name, lcd.status, "lcd_run");
  thread.fuel = fuel;
  thread.priority = priority;
  lcd_run(lcd);
}

/**
 * Ends a thread wherever it is; does nothing when it has ended.
 *
 * @param reason what waiters are told
 * @see seed 000, EXAMPLE
 */
export function lcd_thread_kill(thread: LcdThread, reason: KillReason = "killed"): void {
  thread.kill(reason);
}

/** Waits until a thread has ended. Rejects only when the host itself failed while the thread ran. */
export function lcd_thread_wait(thread: LcdThread): Promise<ThreadResult> {
  return thread.wait();
}
