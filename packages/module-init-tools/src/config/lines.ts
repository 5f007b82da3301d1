import { linesOf } from "../tree/text";

/** Lines with those that end in a backslash joined to the next; `number` is that of the last, from 1. */
export function* logicalLines(text: string): Iterable<{ line: string; number: number }> {
  const lines = linesOf(text);
  let pending: string | null = null;
  for (const [i, line] of lines.entries()) {
    const joined: string = (pending ?? "") + line;
    pending = joined.endsWith("\\") ? joined.slice(0, -1) : null;
    if (pending === null) yield { line: joined, number: i + 1 };
  }
  if (pending !== null) yield { line: pending, number: lines.length };
}
