/** What is short needs no progress. Milliseconds. */
const SHOW_AFTER = 500;
const SHOW_EVERY = 100;

const CLEAR_LINE = "\r\x1b[K";

/**
 * Shows on a terminal how far long work has come, in one line that is cleared at the end.
 *
 * @param write writes to the terminal
 * @param now milliseconds of any clock
 * @returns to be told of every step; the last is the one that completes the total
 */
export function progressLine(
  write: (text: string) => void,
  now: () => number = () => performance.now(),
): (what: string, done: number, total: number) => void {
  let started: number | null = null;
  let shown: number | null = null;
  return (what, done, total) => {
    const time = now();
    if (done >= total) {
      if (shown !== null) write(CLEAR_LINE);
      started = shown = null;
      return;
    }
    started ??= time;
    if (time - started < SHOW_AFTER || time - (shown ?? -SHOW_EVERY) < SHOW_EVERY) return;
    shown = time;
    write(`${CLEAR_LINE}${what}: ${done} of ${total}`);
  };
}
