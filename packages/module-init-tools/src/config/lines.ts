/** A line up to a newline that no backslash stands before. */
const LOGICAL_LINE = /((?:[^\\\n]|\\[\s\S])*)(\\?$|\n)/g;

/**
 * The lines of a configuration, without their ends. A backslash joins a line to the next, and before any other
 * character it stands for that character, as with kmod.
 *
 * What follows a NUL in a line is not read.
 *
 * @returns `number` is that of the last of the lines that were joined, from 1
 */
export function* logicalLines(text: string): Iterable<{ line: string; number: number }> {
  let number = 0;
  for (const [all, written = ""] of text.matchAll(LOGICAL_LINE)) {
    if (all === "") return;
    number += written.split("\n").length;
    yield { line: unescaped(written).replace(/\0[\s\S]*/, ""), number };
  }
}

function unescaped(line: string): string {
  return line.replace(/\\([\s\S])/g, (_, escaped) => (escaped === "\n" ? "" : escaped));
}
