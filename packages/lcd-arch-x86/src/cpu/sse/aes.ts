import { defineCallout } from "../callouts";
import type { CpuState } from "../state";
import { DESTINATION, get32, immediateOf, SOURCE, set32 } from "./lanes";

/** Multiplication by x in the field of AES, whose polynomial is x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4.2). */
const timesX = (byte: number): number => ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;

/** The powers of x + 1, which are all elements but 0, and the exponent of each element. */
const powers = new Uint8Array(255);
const exponents = new Uint8Array(256);
for (let exponent = 0, power = 1; exponent < 255; exponent++, power ^= timesX(power)) {
  powers[exponent] = power;
  exponents[power] = exponent;
}

/** The product of two elements of the field. */
const multiply = (a: number, b: number): number =>
  a === 0 || b === 0 ? 0 : powers[(exponents[a] + exponents[b]) % 255];

/** What gives 1 when multiplied with an element; 0 for 0. */
const inverseOf = (element: number): number => (element === 0 ? 0 : powers[(255 - exponents[element]) % 255]);

const rotateByte = (byte: number, count: number): number => ((byte << count) | (byte >>> (8 - count))) & 0xff;

/** SubBytes: the inverse in the field, and an affine transformation of it (FIPS 197, section 5.1.1). */
const substitutes = Uint8Array.from({ length: 256 }, (_, byte) => {
  const inverse = inverseOf(byte);
  return [1, 2, 3, 4].reduce((sum, count) => sum ^ rotateByte(inverse, count), inverse) ^ 0x63;
});

const inverseSubstitutes = new Uint8Array(256);
for (const [byte, substitute] of substitutes.entries()) {
  inverseSubstitutes[substitute] = byte;
}

/** What a column's first byte adds to its four bytes, the lowest first; the others add the same, rotated by bytes. */
const columnsOf = (factors: readonly number[]): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) =>
    factors.reduce((column, factor, row) => column | (multiply(byte, factor) << (row * 8)), 0),
  );

/** MixColumns and InvMixColumns (FIPS 197, sections 5.1.3 and 5.3.3). */
const mixing = columnsOf([2, 1, 1, 3]);
const inverseMixing = columnsOf([14, 9, 13, 11]);

const byteOf = (word: number, row: number): number => (word >>> (row * 8)) & 0xff;

const rotateColumn = (column: number, rows: number): number =>
  rows === 0 ? column : (column << (rows * 8)) | (column >>> (32 - rows * 8));

function mix(column: number, columns: Uint32Array): number {
  let sum = 0;
  for (let row = 0; row < 4; row++) {
    sum ^= rotateColumn(columns[byteOf(column, row)], row);
  }
  return sum;
}

/** How a round works: the byte of row r in column c comes from column c + r * direction. */
interface Round {
  readonly box: Uint8Array;
  readonly direction: 1 | -1;
  /** null in the last round. */
  readonly columns: Uint32Array | null;
}

/** A round on the state in the first operand, with the key in the second (FIPS 197, sections 5.1 and 5.3). */
function runRound(state: CpuState, { box, direction, columns }: Round): void {
  const old = [0, 1, 2, 3].map((column) => get32(state, DESTINATION, column));
  for (let column = 0; column < 4; column++) {
    let moved = 0;
    for (let row = 0; row < 4; row++) {
      moved |= box[byteOf(old[(column + row * direction) & 3], row)] << (row * 8);
    }
    const mixed = columns === null ? moved : mix(moved, columns);
    set32(state, column, mixed ^ get32(state, SOURCE, column));
  }
}

const defineRound = (name: string, round: Round): number => defineCallout(name, ({ state }) => runRound(state, round));

const substituteWord = (word: number): number =>
  [0, 1, 2, 3].reduce((result, row) => result | (substitutes[byteOf(word, row)] << (row * 8)), 0);

const rotateRight8 = (word: number): number => (word >>> 8) | (word << 24);

/** Callouts for the AES instructions. */
export const aes = {
  enc: defineRound("aesenc", { box: substitutes, direction: 1, columns: mixing }),
  encLast: defineRound("aesenclast", { box: substitutes, direction: 1, columns: null }),
  dec: defineRound("aesdec", { box: inverseSubstitutes, direction: -1, columns: inverseMixing }),
  decLast: defineRound("aesdeclast", { box: inverseSubstitutes, direction: -1, columns: null }),
  /** AESIMC: InvMixColumns of the second operand. */
  imc: defineCallout("aesimc", ({ state }) => {
    for (let column = 0; column < 4; column++) {
      set32(state, column, mix(get32(state, SOURCE, column), inverseMixing));
    }
  }),
  /** AESKEYGENASSIST: two words of the second operand, substituted; rotated as well, with the round constant added. */
  keygenAssist: defineCallout("aeskeygenassist", ({ state }) => {
    for (const half of [0, 2]) {
      const substituted = substituteWord(get32(state, SOURCE, half + 1));
      set32(state, half, substituted);
      set32(state, half + 1, rotateRight8(substituted) ^ immediateOf(state));
    }
  }),
} as const;
