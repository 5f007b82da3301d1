/**
 * The known name that was probably meant: the nearest by insertions, deletions, replacements and swaps of neighbours;
 * `null` when none is near. Dashes and underscores are the same.
 */
export function nearest(asked: string, known: Iterable<string>): string | null {
  const limit = Math.max(1, Math.floor(asked.length / 3));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const name of known) {
    if (Math.abs(name.length - asked.length) >= bestDistance) continue;
    const distance = editDistance(normalize(asked), normalize(name));
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean hello?`, or nothing. */
export function didYouMean(asked: string, known: Iterable<string>): string {
  const name = nearest(asked, known);
  return name === null ? "" : `; did you mean ${name}?`;
}

function normalize(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length];
}
