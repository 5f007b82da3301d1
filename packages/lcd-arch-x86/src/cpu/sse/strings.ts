import { defineCallout } from "../callouts";
import { type CpuState, OPERAND_SIZE, Rflags, StateOffset } from "../state";
import { DESTINATION, get32, immediateOf, SOURCE, set32 } from "./lanes";

/** Fields of the immediate (SDM 2B, "Imm8 Control Byte Operation for PCMPESTRI/PCMPESTRM/PCMPISTRI/PCMPISTRM"). */
const Control = {
  words: 1 << 0,
  signed: 1 << 1,
  aggregation: { shift: 2, mask: 3 },
  negative: 1 << 4,
  /** Negation is for valid elements of the second string only. */
  masked: 1 << 5,
  /** The most significant bit's index; or a mask of elements, not bits. */
  last: 1 << 6,
} as const;

/** Where the third operand has the strings' lengths, above the immediate, when the instruction gives them. */
export const FIRST_LENGTH_SHIFT = 8;
export const SECOND_LENGTH_SHIFT = 16;
const LENGTH_MASK = 0xff;

/** Results: the mask is in the first operand, the index and RFLAGS are in the second. */
export const INDEX_RESULT = StateOffset.operand + OPERAND_SIZE;
export const FLAGS_RESULT = INDEX_RESULT + 4;

/** An operand: as many elements as a vector has, `length` of them valid. */
interface Text {
  readonly elements: readonly number[];
  readonly length: number;
}

/** For each element of the second string, as a bit, whether it compares with the first as the aggregation says. */
type Aggregation = (first: Text, second: Text) => number;

const bitsWhere = (count: number, holds: (at: number) => boolean): number =>
  Array.from({ length: count }, (_, at) => (holds(at) ? 1 << at : 0)).reduce((bits, bit) => bits | bit, 0);

/** By number (SDM 1, "Aggregation Operation"). What an invalid element makes of a comparison is in SDM 1, "Valid/Invalid Override of Comparisons". */
const aggregations: readonly Aggregation[] = [
  // Equal any: it is in the set that the first string is.
  (first, second) =>
    bitsWhere(second.length, (at) => first.elements.slice(0, first.length).includes(second.elements[at])),
  // Ranges: it is in one of the ranges that pairs of the first string are.
  (first, second) =>
    bitsWhere(second.length, (at) => {
      const element = second.elements[at];
      return first.elements.some((low, i) => {
        const whole = i % 2 === 0 && i + 1 < first.length;
        return whole && low <= element && element <= first.elements[i + 1];
      });
    }),
  // Equal each: behind the ends of both, everything is equal.
  (first, second) =>
    bitsWhere(second.elements.length, (at) => {
      const valid = [at < first.length, at < second.length];
      return valid[0] === valid[1] && (!valid[0] || first.elements[at] === second.elements[at]);
    }),
  // Equal ordered: the first string begins there, or as much of it as the vector has room for.
  (first, second) =>
    bitsWhere(second.elements.length, (at) =>
      first.elements
        .slice(0, Math.min(first.length, second.elements.length - at))
        .every((element, i) => at + i < second.length && element === second.elements[at + i]),
    ),
];

function elementsOf(state: CpuState, operand: number, immediate: number): number[] {
  const size = immediate & Control.words ? 2 : 1;
  const top = immediate & Control.signed ? 1 << (size * 8 - 1) : 0;
  return Array.from({ length: OPERAND_SIZE / size }, (_, at) => {
    const word = get32(state, operand, (at * size) >> 2);
    const element = (word >>> (((at * size) & 3) * 8)) & (2 ** (size * 8) - 1);
    return (element ^ top) - top;
  });
}

/** A string that ends before its first 0. */
function untilZero(elements: readonly number[]): Text {
  const end = elements.indexOf(0);
  return { elements, length: end < 0 ? elements.length : end };
}

function compare(state: CpuState, immediate: number, first: Text, second: Text): void {
  const count = first.elements.length;
  const { aggregation, masked, negative, last } = Control;
  const found = aggregations[(immediate >> aggregation.shift) & aggregation.mask](first, second);
  const inverted = immediate & masked ? 2 ** second.length - 1 : 2 ** count - 1;
  const result = immediate & negative ? found ^ inverted : found;
  const atEnd = immediate & last;
  const index = result === 0 ? count : 31 - Math.clz32(atEnd ? result : result & -result);
  setMask(state, result, atEnd ? OPERAND_SIZE / count : 0);
  const flags =
    (result !== 0 ? Rflags.CF : 0) |
    (second.length < count ? Rflags.ZF : 0) |
    (first.length < count ? Rflags.SF : 0) |
    (result & 1 ? Rflags.OF : 0);
  state.u32[INDEX_RESULT / 4] = index;
  state.u32[FLAGS_RESULT / 4] = flags;
}

/** The result as bits, or as elements of `size` bytes that are all ones. */
function setMask(state: CpuState, result: number, size: number): void {
  for (let word = 0; word < 4; word++) {
    set32(state, word, size === 0 ? (word === 0 ? result : 0) : spread(result, size, word));
  }
}

/** Doubleword `word` of a mask of elements. */
function spread(result: number, size: number, word: number): number {
  let bits = 0;
  for (let byte = 0; byte < 4; byte++) {
    bits |= (result >> Math.floor((word * 4 + byte) / size)) & 1 ? 0xff << (byte * 8) : 0;
  }
  return bits;
}

/** Callouts for PCMPxSTRx, whose strings end at a 0 or have a length. */
export const compareStrings = {
  implicit: defineCallout("pcmpistr", ({ state }) => {
    const immediate = immediateOf(state);
    const [first, second] = [DESTINATION, SOURCE].map((operand) => untilZero(elementsOf(state, operand, immediate)));
    compare(state, immediate, first, second);
  }),
  explicit: defineCallout("pcmpestr", ({ state }) => {
    const immediate = immediateOf(state);
    const lengthAt = (shift: number): number => (immediate >>> shift) & LENGTH_MASK;
    const first = { elements: elementsOf(state, DESTINATION, immediate), length: lengthAt(FIRST_LENGTH_SHIFT) };
    const second = { elements: elementsOf(state, SOURCE, immediate), length: lengthAt(SECOND_LENGTH_SHIFT) };
    compare(state, immediate, first, second);
  }),
} as const;
