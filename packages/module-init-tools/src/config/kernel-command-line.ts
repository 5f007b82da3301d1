import { normalizeName } from "../tree/module-name";

/** What a kernel's command line says for modules. */
export interface CommandLineConfig {
  readonly options: readonly { readonly module: string; readonly options: string }[];
  /** As written: dashes and underscores are not the same here, as with kmod. */
  readonly blacklist: readonly string[];
}

/** Words between blanks; blanks between double quotes do not count. */
const WORDS = /(?:[^\s"]|"[^"]*")+/g;

/** `module.parameter=value`; only the value may have quotes, or the whole word. */
const PARAMETER = /^([^.="]*)\.([^.="]*)(=.*)?$/s;

/** Reads the first line of `/proc/cmdline`: `module.parameter=value`, `modprobe.blacklist=a,b`. */
export function parseKernelCommandLine(text: string): CommandLineConfig {
  const options: { module: string; options: string }[] = [];
  const blacklist: string[] = [];
  const [line = ""] = text.split("\n", 1);
  // What follows a quote without its partner is no word.
  const balanced = (line.split('"').length & 1) === 1 ? line : line.slice(0, line.lastIndexOf('"'));
  const words = [...balanced.matchAll(WORDS)].map(([word]) => word);
  if (balanced !== line && !/\s$/.test(balanced)) words.pop();
  for (const word of words) {
    const [, module, parameter, value = ""] = PARAMETER.exec(quotesMoved(word)) ?? [];
    if (module === undefined || parameter === undefined) continue;
    if (module === "modprobe" && parameter === "blacklist" && value !== "")
      blacklist.push(...value.slice(1).split(","));
    else options.push({ module: normalizeName(module), options: parameter + value });
  }
  return { options, blacklist };
}

/** `"a.b=c d"` means `a.b="c d"`. */
function quotesMoved(word: string): string {
  const [, name, value] = /^"([^"=]*)=([^"]*)"$/.exec(word) ?? [];
  return name === undefined ? word : `${name}="${value}"`;
}
