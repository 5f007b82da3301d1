/** What `--json` prints: an object over several lines. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
