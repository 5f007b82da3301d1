import { InvalidArgumentError } from "commander";

/** Bytes. */
export const MIB = 2 ** 20;

const binary: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const decimal: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };

/** Bytes: `4096`, `64K`, `64M`, `1G`; K, M and G are powers of 1024, `KiB` and the like are understood. */
export function parseSize(text: string): number {
  return parse(text, /^(\d+)([KMG]?)(?:i?B)?$/i, binary, "bytes such as 4096, 64K, 64M or 1G");
}

/** A number of things: `1000`, `10K`, `5M`, `2G`; K, M and G are powers of 1000. More than 0. */
export function parseCount(text: string): number {
  return positive(text, parse(text, /^(\d+)([KMG]?)$/i, decimal, "a number such as 1000, 10K, 5M or 2G"));
}

/** What a timer can wait for: its milliseconds are a signed number of 32 bits. */
const MOST_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Seconds, more than 0 and less than 25 days: `10`, `0.5`. */
export function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(seconds)) throw new InvalidArgumentError("It must be seconds, such as 10 or 0.5.");
  if (seconds > MOST_SECONDS) throw new InvalidArgumentError(`It must be at most ${MOST_SECONDS}, 24 days.`);
  return positive(text, seconds);
}

function parse(text: string, form: RegExp, units: Readonly<Record<string, number>>, expected: string): number {
  const [, digits, unit] = form.exec(text) ?? [];
  const value = digits === undefined ? Number.NaN : Number(digits) * units[(unit ?? "").toUpperCase()];
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(`It must be ${expected}.`);
  return value;
}

function positive(text: string, value: number): number {
  if (value <= 0) throw new InvalidArgumentError(`It must be more than 0, not ${text}.`);
  return value;
}
