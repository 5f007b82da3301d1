import { decodeText } from "elf-image";
import { errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";

/** A text file, or null when there is none. Other failures are thrown. */
export async function readTextIfPresent(files: ToolFiles, path: string): Promise<string | null> {
  const bytes = await readFileIfPresent(files, path);
  return bytes === null ? null : decodeText(bytes);
}

/** Codes of errors that mean that there is no such file. */
const NOT_THERE: readonly unknown[] = ["ENOENT", "ENOTDIR"];

/** A file, or null when there is none. Other failures are thrown. */
export async function readFileIfPresent(files: ToolFiles, path: string): Promise<Uint8Array | null> {
  try {
    return await files.readFile(path);
  } catch (error) {
    if (NOT_THERE.includes(errorCodeOf(error))) return null;
    throw error;
  }
}

/** The lines of a text, without their ends. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The lines of a text, each with its end. */
export function linesWithEnds(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** The words of a line: what stands between blanks. */
export function wordsOf(line: string): string[] {
  return line.split(/[ \t]+/).filter((word) => word !== "");
}

/** Words with a blank between each two, as kmod makes parameters of them: empty ones at the start leave none. */
export function joinedWords(words: readonly string[]): string {
  return words.reduce((all, word) => (all === "" ? word : `${all} ${word}`), "");
}
