import { resolve } from "node:path";
import { parseSize } from "../command/quantity";
import { UsageError } from "../errors";
import { readBytes } from "../read-bytes";

/** An argument for a function in a domain, as the command line gives it. */
export type Argument =
  | { readonly kind: "integer"; readonly value: bigint }
  /** Passed as a pointer to these bytes in the domain's memory. */
  | { readonly kind: "buffer"; readonly bytes: Uint8Array };

/** What arguments look like, for messages. */
export const ARGUMENT_FORMS = "an integer (42, -1, 0xff), str:text, hex:00ff10, file:path or out:bytes";

/** Largest buffer: what a domain has room for. */
const LARGEST = 2 ** 30;

/** How many the C ABI passes in registers (psABI, 3.2.3). */
const MOST = 6;

/**
 * Reads the arguments of a function.
 *
 * @throws UsageError; Node's error when a file cannot be read
 */
export function parseArguments(words: readonly string[], cwd: string): Argument[] {
  if (words.length > MOST) throw new UsageError(`${words.length} arguments: a function is given at most ${MOST} here`);
  return words.map((word, index) => parseArgument(word, index + 1, cwd));
}

/** @param position counts from 1, for messages */
function parseArgument(text: string, position: number, cwd: string): Argument {
  const [, form, value] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
  switch (form) {
    case undefined:
      return { kind: "integer", value: parseInteger(text, position) };
    case "str":
      return { kind: "buffer", bytes: new TextEncoder().encode(`${value}\0`) };
    case "hex":
      return { kind: "buffer", bytes: parseHex(value, position) };
    case "file":
      return { kind: "buffer", bytes: readBytes(resolve(cwd, value)) };
    case "out":
      return { kind: "buffer", bytes: new Uint8Array(parseLength(value, position)) };
    default:
      throw new UsageError(`argument ${position}: "${text}" is none of ${ARGUMENT_FORMS}`);
  }
}

/** Decimal, hexadecimal (0x), octal (0o) or binary (0b), perhaps negative: -2^63 to 2^64 - 1. */
function parseInteger(text: string, position: number): bigint {
  const [, sign, digits] = /^(-?)(\d+|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`argument ${position}: "${text}" is none of ${ARGUMENT_FORMS}`);
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  if (value < -(1n << 63n) || value >= 1n << 64n) {
    throw new UsageError(`argument ${position}: ${text} does not fit in 64 bits (-2^63 to 2^64 - 1)`);
  }
  return value;
}

function parseHex(text: string, position: number): Uint8Array {
  const digits = text.replace(/[\s_]/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new UsageError(`argument ${position}: hex: wants pairs of hexadecimal digits, not "${text}"`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function parseLength(text: string, position: number): number {
  let length = 0;
  try {
    length = parseSize(text);
  } catch {
    throw new UsageError(`argument ${position}: out: wants a number of bytes such as 16 or 64K, not "${text}"`);
  }
  if (length < 1 || length > LARGEST) throw new UsageError(`argument ${position}: a buffer has 1 byte to 1G`);
  return length;
}
