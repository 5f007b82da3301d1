/** What one comparison gave. */
export interface Measurement {
  /** What was measured, for a person. */
  readonly title: string;
  /** The same, for a program. */
  readonly name: string;
  /** The number that counts, and what it should be. */
  readonly ratio: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean;
  /** Where the number comes from: name and milliseconds, or megabytes. */
  readonly parts: readonly { readonly name: string; readonly value: number; readonly unit: "ms" | "MB" }[];
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A measurement in two lines. */
export function formatMeasurement({ title, ratio, unit, goal, met, parts }: Measurement): string {
  const number = ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(1);
  const from = parts
    .map(({ name, value, unit: of }) => `${name} ${value.toFixed(value < 10 ? 2 : 0)} ${of}`)
    .join(", ");
  return `${title}: ${number} ${unit} (goal: ${goal}${met ? "" : "; missed"})\n    ${from}\n`;
}
