import type { ElfImage } from "./parse";
import { decodeText } from "./text";

/**
 * Reads what a kernel module says of itself: the `key=value` strings in `.modinfo`, in order.
 *
 * Keys repeat (`alias`, `parm`). An entry without `=` has an empty value. A file without the section has none.
 */
export function readModinfo(image: ElfImage): [key: string, value: string][] {
  const text = decodeText(image.section(".modinfo")?.data() ?? new Uint8Array(0));
  const entries: [string, string][] = [];
  for (const entry of text.split("\0")) {
    if (entry === "") continue;
    const equals = entry.indexOf("=");
    entries.push(equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)]);
  }
  return entries;
}
