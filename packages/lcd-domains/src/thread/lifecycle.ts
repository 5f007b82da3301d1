import { KernelError } from "lcd-arch-x86";
import { lcd_config, lcd_run } from "../lcd/lifecycle";
import type { LcdThread } from "./lcd-thread";
import type { KillReason, ThreadResult } from "./result";

/** Limits of a thread. */
export interface ThreadStartOptions {
  /** Instructions that it may retire; no limit when absent. */
  readonly fuel?: number;
}

/**
 * Starts a domain's init thread: it runs the module's init code. An lcd that is still an embryo is configured first,
 * to start as design/microkernel.md says.
 *
 * @throws KernelError EINVAL when the domain runs already, is dead, or has nothing to run
 * @see seed 000, EXAMPLE
 */
export function lcd_thread_start(thread: LcdThread, options: ThreadStartOptions = {}): void {
  const { lcd } = thread;
  const fuel = options.fuel ?? Number.POSITIVE_INFINITY;
  if (!(fuel > 0)) throw new KernelError("EINVAL", `fuel of ${fuel} instructions: it must be more than 0`);
  if (lcd.status === "embryo") lcd_config(lcd);
  thread.fuel = fuel;
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
