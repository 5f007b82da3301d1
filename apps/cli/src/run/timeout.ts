import { type LcdThread, lcd_thread_kill } from "lcd-domains";

/** Does something, and kills the thread when that takes too long. */
export async function withTimeout<T>(
  thread: LcdThread,
  seconds: number | undefined,
  act: () => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return act();
  const timer = setTimeout(() => lcd_thread_kill(thread, "timeout"), seconds * 1000);
  try {
    return await act();
  } finally {
    clearTimeout(timer);
  }
}
