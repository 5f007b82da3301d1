import type { Log } from "../command/log";
import { hasUnmatchedBracket, normalizeName } from "../tree/module-name";
import { wordsOf } from "../tree/text";
import { parseKernelCommandLine } from "./kernel-command-line";
import { logicalLines } from "./lines";
import type { ModprobeConfig, SoftDependencies } from "./modprobe-config";

const DEPRECATED: readonly string[] = ["include", "config"];

/** A configuration being read: files add to it one after the other. */
export class ConfigBuilder implements ModprobeConfig {
  readonly aliases: { pattern: string; module: string }[] = [];
  readonly options: { module: string; options: string }[] = [];
  readonly blacklist: string[] = [];
  readonly softDependencies: SoftDependencies[] = [];
  readonly installCommands: { pattern: string; command: string }[] = [];
  readonly removeCommands: { pattern: string; command: string }[] = [];

  constructor(private readonly log: Log) {}

  /** Adds a file. A line that cannot be understood is named, with file and line, and the rest still applies. */
  addFile(path: string, text: string): void {
    for (const { line, number } of logicalLines(text)) {
      const [keyword = "", ...words] = wordsOf(line);
      if (keyword === "" || line.startsWith("#")) continue;
      if (DEPRECATED.includes(keyword)) {
        this.log.configuration(`${path}: command ${keyword} is deprecated and not parsed anymore`);
      } else if (!this.#addLine(keyword, words, line)) {
        this.log.configuration(`${path} line ${number}: ignoring bad line starting with '${keyword}'`);
      }
    }
  }

  /** Adds what a kernel's command line says (`/proc/cmdline`). */
  addKernelCommandLine(bytes: Uint8Array): void {
    const { options, blacklist } = parseKernelCommandLine(bytes);
    for (const option of options) this.options.push(option);
    for (const name of blacklist) this.blacklist.push(name);
  }

  #addLine(keyword: string, words: readonly string[], line: string): boolean {
    const [first, second] = words;
    if (first === undefined || hasUnmatchedBracket(first)) return false;
    const rest = restAfterTwoWords(line);
    switch (keyword) {
      case "alias":
        if (second === undefined || hasUnmatchedBracket(second)) return false;
        this.aliases.push({ pattern: normalizeName(first), module: normalizeName(second) });
        return true;
      case "blacklist":
        this.blacklist.push(normalizeName(first));
        return true;
      case "options":
        if (rest === "") return false;
        this.options.push({ module: normalizeName(first), options: rest.replaceAll("\t", " ") });
        return true;
      case "install":
        if (rest === "") return false;
        this.installCommands.push({ pattern: normalizeName(first), command: rest });
        return true;
      case "softdep":
        if (rest === "") return false;
        this.softDependencies.push(softDependencies(normalizeName(first), rest));
        return true;
      case "remove":
        if (rest === "") return false;
        this.removeCommands.push({ pattern: normalizeName(first), command: rest });
        return true;
      default:
        return false;
    }
  }
}

/** The line after its first two words and the blank that follows them; further blanks belong to the rest. */
function restAfterTwoWords(line: string): string {
  return line.replace(/^[ \t]*[^ \t]+[ \t]+[^ \t]+[ \t]?/, "");
}

/** @param text behind the module's name; with one blank at its start its first word is lost, as with kmod */
function softDependencies(pattern: string, text: string): SoftDependencies {
  const lists: { pre: string[]; post: string[] } = { pre: [], post: [] };
  let list: string[] | null = null;
  for (const word of text.replace(/^[ \t-\r][^ \t-\r]+/, "").match(/[^ \t-\r]+/g) ?? []) {
    if (word === "pre:") list = lists.pre;
    else if (word === "post:") list = lists.post;
    else list?.push(word);
  }
  return { pattern, ...lists };
}
