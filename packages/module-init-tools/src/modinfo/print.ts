import { encodeText } from "elf-image";
import type { Log } from "../command/log";
import { isParameterKey, type ModuleParameter, parametersOf } from "./parameters";
import type { ModuleSignature } from "./signature";

export type Entry = readonly [key: string, value: string];

/** How modinfo shows what it knows. */
export interface PrintOptions {
  /** Show only the values of this key. */
  readonly field: string | null;
  /** What ends each line: newline or NUL. */
  readonly separator: "\n" | "\0";
}

/** Columns of a key with its colon. */
const KEY_WIDTH = 16;

/** A line as modinfo aligns it. */
export function alignedLine(key: string, value: string, { separator }: PrintOptions): string {
  return `${`${key}:`.padEnd(KEY_WIDTH)}${value}${separator}`;
}

/** The text for the entries of a module: `.modinfo`, and what {@link signatureEntries} adds. */
export function printEntries(entries: readonly Entry[], options: PrintOptions, log: Log): string {
  const { field, separator } = options;
  if (field !== null && field !== "parm") {
    return entries.flatMap(([key, value]) => (key === field ? [`${value}${separator}`] : [])).join("");
  }
  const { parameters, malformed } = parametersOf(entries);
  for (const entry of malformed) log.error(`Found invalid "${entry}": missing ':'`);
  if (field === "parm") return parameters.map((parameter) => `${parameterAlone(parameter)}${separator}`).join("");
  const plain = entries.filter(([key]) => !isParameterKey(key));
  const lines = plain.map(([key, value]) =>
    separator === "\0" ? `${key}=${value}\0` : `${paddedKey(key)}${value}${separator}`,
  );
  return [...lines, ...parameters.map((parameter) => alignedLine("parm", parameterInList(parameter), options))].join(
    "",
  );
}

/** A key with its colon, filled up with blanks; one of too many bytes gets as many blanks as it is too long. */
function paddedKey(key: string): string {
  return `${key}:${" ".repeat(Math.abs(KEY_WIDTH - 1 - encodeText(key).length))}`;
}

/** The entries that modinfo adds for a signature. */
export function signatureEntries(signature: ModuleSignature | null): Entry[] {
  if (signature === null) return [];
  return [
    ["sig_id", signature.kind],
    // As C has texts: up to a NUL.
    ["signer", signature.signer.replace(/\0[\s\S]*/, "")],
    ["sig_key", hex(signature.key)],
    ["sig_hashalgo", signature.hash],
    ["signature", hex(signature.signature)],
  ];
}

const BYTES_IN_LINE = 20;

/** `0A:1B:...`, with a new line after every 20 bytes. */
function hex(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  return digits.map((pair, i) => `${i === 0 ? "" : i % BYTES_IN_LINE === 0 ? ":\n\t\t" : ":"}${pair}`).join("");
}

function parameterAlone({ name, description, type }: ModuleParameter): string {
  return description === null ? `${name}: (${type ?? ""})` : described(name, description, type);
}

function parameterInList({ name, description, type }: ModuleParameter): string {
  return description === null ? `${name}:${type ?? ""}` : described(name, description, type);
}

function described(name: string, description: string, type: string | null): string {
  return `${name}:${description}${type === null ? "" : ` (${type})`}`;
}
