/**
 * Bytes as text and back, without loss: UTF-8, and each byte that is not part of UTF-8 as a character of its own, one of
 * the surrogates U+DC80 to U+DCFF that no text has. What a file says in another encoding so comes out as it went in.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The character for byte 0x00 would be here; only those from 0x80 on are used. */
const ESCAPES = 0xdc00;

/** Bytes, as characters, that are a character of UTF-8 (Unicode 15, table 3-7), or that are none. */
const SEQUENCE_OR_BYTE = new RegExp(
  [
    "[\\xc2-\\xdf][\\x80-\\xbf]",
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
    "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
    "[\\xf1-\\xf3][\\x80-\\xbf]{3}",
    "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}",
    "[\\x80-\\xff]",
  ].join("|"),
  "g",
);

/** Text for bytes; never fails. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return charactersOf(bytes).replace(SEQUENCE_OR_BYTE, (found) =>
      found.length > 1
        ? strict.decode(Uint8Array.from(found, (character) => character.charCodeAt(0)))
        : String.fromCharCode(ESCAPES + found.charCodeAt(0)),
    );
  }
}

/** The bytes that {@link decodeText} was given, or UTF-8 for any other text. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (!/[\udc80-\udcff]/u.test(text)) return encoder.encode(text);
  // Every second part is what the expression has found.
  const parts = text
    .split(/([\udc80-\udcff]+)/u)
    .map((part, i) =>
      i % 2 === 0 ? encoder.encode(part) : Uint8Array.from(part, (character) => character.charCodeAt(0) - ESCAPES),
    );
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A character for each byte, in pieces that are few enough arguments for a call. */
function charactersOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 4096) parts.push(String.fromCharCode(...bytes.subarray(i, i + 4096)));
  return parts.join("");
}
