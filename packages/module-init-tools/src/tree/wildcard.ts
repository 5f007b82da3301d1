/**
 * Shell wildcards as fnmatch(3) has them without flags: `*`, `?`, `[a-c]`, `[!a-c]`, `\` before a character.
 * Runs in time proportional to pattern times text: patterns come from files.
 */
export function wildcardMatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    const next = p < pattern.length ? matchOne(pattern, p, text.charAt(t)) : null;
    if (pattern.charAt(p) === "*") {
      star = p++;
      starText = t;
    } else if (next !== null) {
      p = next;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern.charAt(p) === "*") p++;
  return p === pattern.length;
}

/** Where the pattern goes on when the element at `p` matches the character, or null. */
function matchOne(pattern: string, p: number, character: string): number | null {
  const element = pattern.charAt(p);
  if (element === "?") return p + 1;
  if (element === "[") {
    const end = classEnd(pattern, p);
    if (end !== null) return classContains(pattern.slice(p + 1, end), character) ? end + 1 : null;
  }
  if (element === "\\") return pattern.charAt(p + 1) === character ? p + 2 : null;
  return element === character ? p + 1 : null;
}

/** Index of the bracket that closes the class at `p`; one that comes first in the class is part of it. */
function classEnd(pattern: string, p: number): number | null {
  const first = /[!^]/.test(pattern.charAt(p + 1)) ? p + 2 : p + 1;
  const end = pattern.indexOf("]", first + 1);
  return end < 0 ? null : end;
}

function classContains(content: string, character: string): boolean {
  const negated = /^[!^]/.test(content);
  const members = negated ? content.slice(1) : content;
  let found = false;
  for (let i = 0; i < members.length; i++) {
    const from = members.charAt(i);
    const range = members.charAt(i + 1) === "-" && i + 2 < members.length;
    const to = range ? members.charAt(i + 2) : from;
    if (character >= from && character <= to) found = true;
    if (range) i += 2;
  }
  return found !== negated;
}
