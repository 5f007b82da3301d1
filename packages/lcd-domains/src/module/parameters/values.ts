/** Why a value is not one of its type. */
export type Refusal = "invalid" | "out of range";

/** Characters of `on`, `off` and their like that decide (Linux, `kstrtobool`). */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["y", true],
  ["t", true],
  ["1", true],
  ["n", false],
  ["f", false],
  ["0", false],
  ["on", true],
  ["of", false],
]);

/** A truth value by its first letter, or the first two of `on` and `off`; a bare name means true. */
export function parseBoolean(value: string | null): boolean | Refusal {
  if (value === null) return true;
  const text = value.toLowerCase();
  return BOOLEANS.get(text.slice(0, 1)) ?? BOOLEANS.get(text.slice(0, 2)) ?? "invalid";
}

/** An integer in C's notation (`12`, `0x1f`, `017`), a sign only where the type has one (Linux, `kstrtoint`, base 0). */
export function parseInteger(text: string, bytes: number, signed: boolean): bigint | Refusal {
  const [, sign, digits] = /^([+-]?)(0x[0-9a-f]+|\d+)\n?$/i.exec(text) ?? [];
  if (digits === undefined || (sign === "-" && !signed)) return "invalid";
  const octal = /^0\d/.test(digits);
  if (octal && /[89]/.test(digits)) return "invalid";
  if (significant(digits).length > LONGEST_NUMBER) return "out of range";
  const magnitude = BigInt(octal ? `0o${digits}` : digits);
  const value = sign === "-" ? -magnitude : magnitude;
  const bits = bytes * 8;
  const fits = signed ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value;
  return fits ? value : "out of range";
}

/** Digits that 64 bits have at most, in base 8. Converting a million of them takes long, and they fit in nothing. */
const LONGEST_NUMBER = 22;

function significant(digits: string): string {
  return digits.replace(/^0x/i, "").replace(/^0+/, "");
}
