/**
 * Bytes as text and back, without loss: UTF-8, and each byte that is not part of UTF-8 as a character of its own, one of
 * the surrogates U+DC80 to U+DCFF that no text has. What a file says in another encoding so comes out as it went in.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The character for byte 0x00 would be here; only those from 0x80 on are used. */
const ESCAPES = 0xdc00;

/** Text for bytes; never fails. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeWithEscapes(bytes);
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

/** Hostile files have megabytes of this: a loop, because an expression with a function for each match takes 20 times as long. */
function decodeWithEscapes(bytes: Uint8Array): string {
  // No character has more units than bytes.
  const units = new Uint16Array(bytes.length);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const length = sequenceLength(bytes, at);
    if (length === 1) {
      units[count++] = lead < 0x80 ? lead : ESCAPES + lead;
    } else {
      let point = lead & (0x7f >> length);
      for (let i = 1; i < length; i++) point = (point << 6) | ((bytes[at + i] ?? 0) & 0x3f);
      // UTF-16 (RFC 2781, 2.1).
      if (point > 0xffff) units[count++] = 0xd7c0 + (point >> 10);
      units[count++] = point > 0xffff ? 0xdc00 + (point & 0x3ff) : point;
    }
    at += length;
  }
  return textOfUnits(units.subarray(0, count));
}

/** Bytes that the second one of a character may be, where not all of 80 to BF are (Unicode 15, table 3-7). */
const SECOND_BYTES: Readonly<Record<number, readonly [from: number, to: number]>> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
};

/** Bytes of the character at a place; 1 also for a byte that is part of none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return 1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const [from, to] = SECOND_BYTES[lead] ?? [0x80, 0xbf];
  const second = bytes[at + 1] ?? 0;
  if (second < from || second > to) return 1;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 1;
  return length;
}

/** In pieces that are few enough arguments for a call. */
function textOfUnits(units: Uint16Array): string {
  const parts: string[] = [];
  for (let i = 0; i < units.length; i += 4096) parts.push(String.fromCharCode(...units.subarray(i, i + 4096)));
  return parts.join("");
}
