/** Text in columns: the first to the left, the others to the right. */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return [head, widths.map((width) => "-".repeat(width)), ...rows]
    .map((cells) => `${line(cells).trimEnd()}\n`)
    .join("");
}

/** The geometric mean of those that are numbers; NaN when there are none. */
export function geometricMean(values) {
  const known = values.filter((value) => Number.isFinite(value) && value > 0);
  return Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length);
}
