import { normalizeName } from "../tree/module-name";

/** What a kernel's command line says for modules. */
export interface CommandLineConfig {
  readonly options: readonly { readonly module: string; readonly options: string }[];
  /** As written: dashes and underscores are not the same here, as with kmod. */
  readonly blacklist: readonly string[];
}

/** `module.parameter=value`; only the value may have quotes, or the whole word. */
const PARAMETER = /^([^.="]*)\.([^.="]*)(=.*)?$/s;

/** Reads the first line of `/proc/cmdline`: `module.parameter=value`, `modprobe.blacklist=a,b`. */
export function parseKernelCommandLine(text: string): CommandLineConfig {
  const options: { module: string; options: string }[] = [];
  const blacklist: string[] = [];
  const [line = ""] = text.split("\n", 1);
  // What follows a quote without its partner is no word.
  const balanced = (line.split('"').length & 1) === 1 ? line : line.slice(0, line.lastIndexOf('"'));
  const words = wordsOutsideQuotes(balanced);
  if (balanced !== line && !/\s$/.test(balanced)) words.pop();
  for (const word of words) {
    const [, module, parameter, value = ""] = PARAMETER.exec(quotesMoved(word)) ?? [];
    if (module === undefined || parameter === undefined) continue;
    if (module === "modprobe" && parameter === "blacklist" && value !== "")
      for (const name of value.slice(1).split(",")) blacklist.push(name);
    else options.push({ module: normalizeName(module), options: parameter + value });
  }
  return { options, blacklist };
}

/** Words between blanks; blanks between double quotes do not count. */
function wordsOutsideQuotes(line: string): string[] {
  const words: string[] = [];
  let [start, quoted] = [0, false];
  for (const { 0: character, index } of line.matchAll(/[\s"]/g)) {
    if (character === '"') quoted = !quoted;
    else if (!quoted) {
      words.push(line.slice(start, index));
      start = index + 1;
    }
  }
  words.push(line.slice(start));
  return words.filter((word) => word !== "");
}

/** `"a.b=c d"` means `a.b="c d"`. */
function quotesMoved(word: string): string {
  const [, name, value] = /^"([^"=]*)=([^"]*)"$/.exec(word) ?? [];
  return name === undefined ? word : `${name}="${value}"`;
}
