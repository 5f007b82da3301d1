import { MODULE_SUFFIXES } from "../compression/decompress";
import { baseName } from "../files/path";

/**
 * The name by which the kernel knows a module: dashes and underscores are the same, and it always uses underscores.
 * What stands in square brackets is a wildcard's character class and stays.
 */
export function normalizeName(name: string): string {
  if (!name.includes("-")) return name;
  const [classes, rest] = partsOf(name);
  return classes.replace(/\[[^\]]*\]|-/g, (part) => (part === "-" ? "_" : part)) + rest.replaceAll("-", "_");
}

/** Whether a wildcard has a square bracket without its partner. */
export function hasUnmatchedBracket(pattern: string): boolean {
  if (!pattern.includes("[") && !pattern.includes("]")) return false;
  const [classes, rest] = partsOf(pattern);
  return rest.includes("[") || /[[\]]/.test(classes.replace(/\[[^\]]*\]/g, ""));
}

/**
 * What may have character classes, and what cannot: behind the last closing bracket nothing is looked for, or each of a
 * million opening ones would be looked for its partner through all of the others.
 */
function partsOf(name: string): readonly [classes: string, rest: string] {
  const end = name.lastIndexOf("]") + 1;
  return [name.slice(0, end), name.slice(end)];
}

/** The name of the module in a file: `kernel/lib/crc-itu-t.ko.xz` is `crc_itu_t`. */
export function moduleNameOfPath(path: string): string {
  const file = baseName(path);
  const dot = file.indexOf(".");
  return (dot < 0 ? file : file.slice(0, dot)).replaceAll("-", "_");
}

/** Whether a file is a module by its name: `.ko`, `.ko.gz`, `.ko.xz`, `.ko.zst`. */
export function isModuleFile(name: string): boolean {
  return MODULE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** The path of a module in `modules.order`, without the ending of its compression: three characters from the first dot on. */
export function pathInModulesOrder(path: string): string {
  return path.replace(/(\.[^/]{0,2})[^/]*$/, "$1");
}
