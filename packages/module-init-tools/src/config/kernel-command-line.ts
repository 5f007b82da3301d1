import { decodeText } from "elf-image";
import { normalizeName } from "../tree/module-name";

/** What a kernel's command line says for modules. */
export interface CommandLineConfig {
  readonly options: readonly { readonly module: string; readonly options: string }[];
  /** As written: dashes and underscores are not the same here, as with kmod. */
  readonly blacklist: readonly string[];
}

/** Bytes that kmod reads of it; no kernel's is longer. */
const LONGEST = 4095;

/** Reads `/proc/cmdline`: `module.parameter=value`, `modprobe.blacklist=a,b`. It ends at a NUL. */
export function parseKernelCommandLine(bytes: Uint8Array): CommandLineConfig {
  const options: { module: string; options: string }[] = [];
  const blacklist: string[] = [];
  const text = decodeText(bytes.subarray(0, LONGEST)).replace(/\0[\s\S]*/, "");
  for (const word of wordsOutsideQuotes(text)) {
    const [, quote = "", module, parameter, written = ""] = PARAMETER.exec(word) ?? [];
    if (module === undefined || parameter === undefined) continue;
    // `"a.b=c d"` means `a.b="c d"`.
    const value = written.replace("=", `=${quote}`);
    if (module === "modprobe" && parameter === "blacklist" && value !== "")
      for (const name of value.slice(1).split(",")) blacklist.push(name);
    else options.push({ module: normalizeName(module), options: (parameter + value).replaceAll("\t", " ") });
  }
  return { options, blacklist };
}

/** `module.parameter=value`; only the value may have quotes and blanks between them, or the quote opens before it all. */
const PARAMETER = /^("?)([^.=" \t-\r]*)\.([^.=" \t-\r]*)(=[\s\S]*)?$/;

/** Words between blanks; blanks between double quotes do not count. One with a quote that has no partner is none. */
function wordsOutsideQuotes(line: string): string[] {
  return line.match(/(?:[^ \t-\r"]|"[^"]*(?:"|$))+/g)?.filter((word) => (word.split('"').length & 1) === 1) ?? [];
}
