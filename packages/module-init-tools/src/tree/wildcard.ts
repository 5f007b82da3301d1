import { encodeText } from "elf-image";

const STAR = 0x2a;
const QUESTION_MARK = 0x3f;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const DASH = 0x2d;

/**
 * Shell wildcards as fnmatch(3) has them without flags, in the C locale: `*`, `?`, `[a-c]`, `[!a-c]`, `\` before a
 * character; `?` and a class stand for one byte of UTF-8.
 * Runs in time proportional to pattern times text: patterns come from files.
 */
export function wildcardMatch(pattern: string, text: string): boolean {
  return matches(pattern, text, MOST_ASCII) ?? matches(bytesOf(pattern), bytesOf(text), MOST_BYTE) ?? false;
}

const MOST_ASCII = 0x7f;
const MOST_BYTE = 0xff;

/** A character for each byte. */
function bytesOf(text: string): string {
  return Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join("");
}

/** @returns null when `?` or a class meets a character above `most` */
function matches(pattern: string, text: string, most: number): boolean | null {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern.charCodeAt(p) === STAR) {
      star = p++;
      starText = t;
      continue;
    }
    const character = text.charCodeAt(t);
    if (character > most && isForOne(pattern.charCodeAt(p))) return null;
    const next = matchOne(pattern, p, character);
    if (next >= 0) {
      p = next;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern.charCodeAt(p) === STAR) p++;
  return p === pattern.length;
}

function isForOne(element: number): boolean {
  return element === QUESTION_MARK || element === OPENING_BRACKET;
}

/** Where the pattern goes on when the element at `p` matches the character, or -1. */
function matchOne(pattern: string, p: number, character: number): number {
  const element = pattern.charCodeAt(p);
  if (element === QUESTION_MARK) return p + 1;
  if (element === OPENING_BRACKET) {
    const first = isNegated(pattern, p) ? p + 2 : p + 1;
    // A bracket that comes first is part of the class.
    const end = pattern.indexOf("]", first + 1);
    if (end >= 0) return classContains(pattern, first, end, character) !== isNegated(pattern, p) ? end + 1 : -1;
  }
  if (element === BACKSLASH) return pattern.charCodeAt(p + 1) === character ? p + 2 : -1;
  return element === character ? p + 1 : -1;
}

/** Whether the class that begins at a place is of the characters that are not in it. */
function isNegated(pattern: string, bracket: number): boolean {
  const sign = pattern.charAt(bracket + 1);
  return sign === "!" || sign === "^";
}

function classContains(pattern: string, start: number, end: number, character: number): boolean {
  for (let i = start; i < end; i++) {
    const from = pattern.charCodeAt(i);
    const isRange = i + 2 < end && pattern.charCodeAt(i + 1) === DASH;
    const to = isRange ? pattern.charCodeAt(i + 2) : from;
    if (character >= from && character <= to) return true;
    if (isRange) i += 2;
  }
  return false;
}
