import { linesOf } from "../tree/text";

/** Lines with those that end in a backslash joined to the next; `number` is that of the first, from 1. */
export function* logicalLines(text: string): Iterable<{ line: string; number: number }> {
  let pending: { line: string; number: number } | null = null;
  for (const [i, line] of linesOf(text).entries()) {
    const joined: { line: string; number: number } = {
      line: (pending?.line ?? "") + line,
      number: pending?.number ?? i + 1,
    };
    pending = null;
    if (joined.line.endsWith("\\")) pending = { line: joined.line.slice(0, -1), number: joined.number };
    else yield joined;
  }
  if (pending !== null) yield pending;
}
