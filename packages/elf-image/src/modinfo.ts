import type { ElfImage } from "./parse";
import { decodeText } from "./text";

/**
 * Reads what a kernel module says of itself: the `key=value` strings in `.modinfo`, in order.
 *
 * Keys repeat (`alias`, `parm`). An entry without `=` has an empty value. A file without the section has none.
 *
 * @param keys only entries with these; all when null
 */
export function readModinfo(image: ElfImage, keys: readonly string[] | null = null): [key: string, value: string][] {
  const bytes = image.section(".modinfo")?.data() ?? new Uint8Array(0);
  // A single byte is no text, as with kmod.
  return bytes.length > 1 ? modinfoEntries(decodeText(bytes), keys) : [];
}

/** The `key=value` strings of a text, each with a NUL behind it. */
export function modinfoEntries(text: string, keys: readonly string[] | null = null): [key: string, value: string][] {
  const entries: [string, string][] = [];
  for (const entry of text.split("\0")) {
    if (entry === "") continue;
    const equals = entry.indexOf("=");
    const key = equals < 0 ? entry : entry.slice(0, equals);
    if (keys !== null && !keys.includes(key)) continue;
    entries.push([key, equals < 0 ? "" : entry.slice(equals + 1)]);
  }
  return entries;
}
