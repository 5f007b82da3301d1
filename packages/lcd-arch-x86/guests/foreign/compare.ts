/** A line that one of two texts has: the first (0) or the second (1). */
export interface Difference {
  readonly side: 0 | 1;
  readonly line: string;
}

/** ESC [ ... letter (ECMA-48, control sequences). */
const TERMINAL_CONTROL = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*[A-Za-z]`, "g");

/** The lines of what a program printed, without terminal control and without those that tell of the computer. */
export function programLines(printed: string, ofTheComputer: readonly RegExp[]): string[] {
  const lines = printed
    .replace(TERMINAL_CONTROL, "")
    .split("\n")
    .map((line) => line.replaceAll("\r", "").trimEnd());
  return lines.filter((line) => line !== "" && !ofTheComputer.some((pattern) => pattern.test(line)));
}

/** What is left of two lists of lines without their longest common subsequence, in order. */
export function differences(a: readonly string[], b: readonly string[]): Difference[] {
  const common = commonLengths(a, b);
  const found: Difference[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && a[i] === b[j]) {
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      found.push({ side: 0, line: a[i++] });
    } else {
      found.push({ side: 1, line: b[j++] });
    }
  }
  return found;
}

/** For each i and j the length of the longest common subsequence of what is behind them. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}
