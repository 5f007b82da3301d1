import { decodeText } from "elf-image";
import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { linesWithEnds, wordsOf } from "../tree/text";

/** A file that the kernel's build leaves in the tree; a warning and null when it cannot be read. */
export async function readIndexOrWarn(
  files: ToolFiles,
  directory: string,
  name: string,
  log: Log,
): Promise<string | null> {
  try {
    return decodeText(await files.readFile(`${directory}/${name}`));
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.warning(`could not open ${name} at ${directory}: ${describeError(error)}`);
    return null;
  }
}

/** What the kernel itself exports. */
export interface KernelSymbols {
  /** With the versions of their declarations; 0 where those are not known. */
  readonly symbols: ReadonlyMap<string, bigint>;
  /** Whether the versions are known. */
  readonly versioned: boolean;
}

/** The loader makes this one for every module. */
const OWN_SYMBOL = "__this_module";

const EXPORT_PREFIX = "__ksymtab_";

/**
 * The symbols that the kernel itself exports, from its `System.map` (`address type name` in each line).
 *
 * @param symbolPrefix a character before every symbol, on architectures that have one
 * @param complain hears of lines that have fewer than two blanks, their ends included
 * @throws what the file system throws
 */
export async function symbolsOfSystemMap(
  files: ToolFiles,
  path: string,
  symbolPrefix: string,
  complain: (number: number, line: string) => void,
): Promise<KernelSymbols> {
  const symbols = new Map([[OWN_SYMBOL, 0n]]);
  for (const [i, line] of linesWithEnds(decodeText(await files.readFile(path))).entries()) {
    const [, written] = /^[^ ]* [^ ]* ([^\n]*)\n?$/.exec(line) ?? [];
    if (written === undefined) {
      complain(i + 1, line);
      continue;
    }
    const name = withoutPrefix(written, symbolPrefix);
    if (name.startsWith(EXPORT_PREFIX)) symbols.set(name.slice(EXPORT_PREFIX.length), 0n);
  }
  return { symbols, versioned: false };
}

/**
 * The symbols that the kernel itself exports, from `Module.symvers` (version, name, file, ... between blanks).
 *
 * @param symbolPrefix a character before every symbol, on architectures that have one
 * @param complain hears of versions that are no hexadecimal numbers
 * @throws what the file system throws
 */
export async function symbolsOfSymvers(
  files: ToolFiles,
  path: string,
  symbolPrefix: string,
  complain: (number: number, version: string) => void,
): Promise<KernelSymbols> {
  const symbols = new Map([[OWN_SYMBOL, 0n]]);
  // A line's end is part of its last word: as with kmod a line does not count when the file is the last.
  for (const [i, line] of linesWithEnds(decodeText(await files.readFile(path))).entries()) {
    const [version = "", name = "", file] = wordsOf(line);
    if (file !== "vmlinux") continue;
    const [, sign, digits] = HEXADECIMAL.exec(version) ?? [];
    if (digits === undefined) complain(i + 1, version);
    else
      symbols.set(
        withoutPrefix(name, symbolPrefix),
        BigInt.asUintN(64, (sign === "-" ? -1n : 1n) * BigInt(`0x${digits}`)),
      );
  }
  return { symbols, versioned: true };
}

/** A symbol without the character before it that some architectures have, or as it is. */
export function withoutPrefix(symbol: string, prefix: string): string {
  return prefix !== "" && symbol.startsWith(prefix) ? symbol.slice(prefix.length) : symbol;
}

/** As strtoul(3) reads it. */
const HEXADECIMAL = /^([+-]?)(?:0x)?([0-9a-f]+)$/i;
