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
  for (let start = 0; start < text.length; ) {
    const end = endOfLine(text, start);
    const written = text.slice(start, end);
    number += written.split("\n").length;
    yield { line: unescaped(written).replace(/\0[\s\S]*/, ""), number };
    start = end + 1;
  }
}

/** Where the newline is that ends a line: no backslash stands before it. A backslash at the text's end is none's, too. */
function endOfLine(text: string, start: number): number {
  // One expression for a whole line would run out of stack in a line of 16 MB.
  const special = /[\\\n]/g;
  special.lastIndex = start;
  for (let found = special.exec(text); found !== null; found = special.exec(text)) {
    if (found[0] === "\n" || special.lastIndex === text.length) return found.index;
    special.lastIndex++;
  }
  return text.length;
}

function unescaped(line: string): string {
  return line.replace(/\\([\s\S])/g, (_, escaped) => (escaped === "\n" ? "" : escaped));
}
