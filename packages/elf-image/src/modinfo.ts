import type { ElfImage } from "./parse";
import { decodeText } from "./string-table";

/**
 * Reads what a kernel module says of itself: the `key=value` strings in `.modinfo`, in order.
 *
 * Keys repeat (`alias`, `parm`). An entry without `=` has an empty value. A file without the section has none.
 */
export function readModinfo(image: ElfImage): [key: string, value: string][] {
  const bytes = image.section(".modinfo")?.data() ?? new Uint8Array(0);
  const entries: [string, string][] = [];
  for (let start = 0; start < bytes.length; ) {
    const nul = bytes.indexOf(0, start);
    const end = nul < 0 ? bytes.length : nul;
    if (end > start) {
      const [, key = "", value = ""] = /^([^=]*)=?([\s\S]*)$/.exec(decodeText(bytes.subarray(start, end))) ?? [];
      entries.push([key, value]);
    }
    start = end + 1;
  }
  return entries;
}
