import { Mnemonic } from "iced-x86";
import type { Value } from "../../ir";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { isXmm, readLow, readVector, sse, xmmNumber } from "./operands";

const immediateOf = (lift: Lift, operand: number): number => Number(lift.immediate(operand)) & 0xff;

/** Byte numbers of elements of `size` bytes, given by their numbers. */
const bytesOf = (elements: readonly number[], size: number): number[] =>
  elements.flatMap((element) => Array.from({ length: size }, (_, byte) => element * size + byte));

/** The element that each two bits of an immediate choose. */
const choices = (immediate: number): number[] => [0, 1, 2, 3].map((at) => (immediate >> (at * 2)) & 3);

/** PSHUFD, PSHUFLW, PSHUFHW: elements of the source in the order of an immediate; `elements` says which stay. */
const shuffleOne =
  (size: 2 | 4, elements: (chosen: number[]) => number[]): LiftFunction =>
  (lift) => {
    const source = readVector(lift, 1);
    const bytes = bytesOf(elements(choices(immediateOf(lift, 2))), size);
    lift.b.setXmm(xmmNumber(lift, 0), lift.b.shuffle(source, source, bytes));
  };

/** SHUFPS: two elements of the destination, then two of the source. */
const shuffleSingles: LiftFunction = (lift) => {
  const source = readVector(lift, 1);
  const number = xmmNumber(lift, 0);
  const [a, c, d, e] = choices(immediateOf(lift, 2));
  lift.b.setXmm(number, lift.b.shuffle(lift.b.xmm(number), source, bytesOf([a, c, 4 + d, 4 + e], 4)));
};

/** SHUFPD: one element of the destination, one of the source. */
const shuffleDoubles: LiftFunction = (lift) => {
  const source = readVector(lift, 1);
  const number = xmmNumber(lift, 0);
  const immediate = immediateOf(lift, 2);
  const elements = [immediate & 1, 2 + ((immediate >> 1) & 1)];
  lift.b.setXmm(number, lift.b.shuffle(lift.b.xmm(number), source, bytesOf(elements, 8)));
};

/** PBLENDW, BLENDPS, BLENDPD: where a bit of the immediate is set, the source's element. */
const blend =
  (size: 2 | 4 | 8): LiftFunction =>
  (lift) => {
    const source = readVector(lift, 1);
    const number = xmmNumber(lift, 0);
    const immediate = immediateOf(lift, 2);
    const count = 16 / size;
    const elements = Array.from({ length: count }, (_, at) => at + ((immediate >> at) & 1) * count);
    lift.b.setXmm(number, lift.b.shuffle(lift.b.xmm(number), source, bytesOf(elements, size)));
  };

/** PBLENDVB, BLENDVPS, BLENDVPD: where the sign of XMM0's element is set, the source's element. */
const blendBySign =
  (shape: "i8x16" | "i32x4" | "i64x2"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const source = readVector(lift, 1);
    const number = xmmNumber(lift, 0);
    const mask = b.pure(`${shape}.lt_s`, b.xmm(0), b.v128(0n));
    b.setXmm(number, b.pure("v128.bitselect", source, b.xmm(number), mask));
  };

/** PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS: an element to a register, zero-extended, or to memory. */
const extract =
  (size: 1 | 2 | 4 | 8): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const lane = immediateOf(lift, 2) & (16 / size - 1);
    const vector = b.xmm(xmmNumber(lift, 1));
    const operation = (
      {
        1: "i8x16.extract_lane_u",
        2: "i16x8.extract_lane_u",
        4: "i32x4.extract_lane",
        8: "i64x2.extract_lane",
      } as const
    )[size];
    const value = b.lane(operation, lane, vector);
    if (lift.isMemory(0)) {
      b.store(size, lift.address(size, true), value, lift.throughStack);
    } else {
      lift.write(0, lift.size(0) === 8 ? b.extendU(value) : value);
    }
  };

/** PINSRB, PINSRW, PINSRD, PINSRQ: an element from a register or memory. */
const insert =
  (size: 1 | 2 | 4 | 8): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const number = xmmNumber(lift, 0);
    const lane = immediateOf(lift, 2) & (16 / size - 1);
    const value = lift.isMemory(1)
      ? b.load(size, lift.address(size), false, lift.throughStack)
      : lift.read(1, lift.size(1));
    const operation = (
      { 1: "i8x16.replace_lane", 2: "i16x8.replace_lane", 4: "i32x4.replace_lane", 8: "i64x2.replace_lane" } as const
    )[size];
    b.setXmm(number, b.lane(operation, lane, b.xmm(number), size === 8 ? value : b.wrap(value)));
  };

/** INSERTPS: an element of the source to a place in the destination, and zeros where the immediate says. */
const insertSingle: LiftFunction = (lift) => {
  const { b } = lift;
  const number = xmmNumber(lift, 0);
  const immediate = immediateOf(lift, 2);
  const value = isXmm(lift, 1)
    ? b.lane("i32x4.extract_lane", immediate >> 6, b.xmm(xmmNumber(lift, 1)))
    : readLow(lift, 1, 4);
  const inserted = b.lane("i32x4.replace_lane", (immediate >> 4) & 3, b.xmm(number), value);
  const elements = [0, 1, 2, 3].map((at) => ((immediate >> at) & 1 ? 4 : at));
  b.setXmm(number, b.shuffle(inserted, b.v128(0n), bytesOf(elements, 4)));
};

/** PMOVSX and PMOVZX: the low elements, widened `steps` times to twice their size. */
const widen =
  (sign: "s" | "u", from: 1 | 2 | 4, steps: 1 | 2 | 3): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const bytes = 16 >> steps;
    let value: Value;
    if (isXmm(lift, 1)) {
      value = b.xmm(xmmNumber(lift, 1));
    } else {
      const loaded = b.load(bytes, lift.address(bytes), false, lift.throughStack);
      value = bytes === 8 ? b.pure("i64x2.splat", loaded) : b.pure("i32x4.splat", loaded);
    }
    const ladder = {
      1: `i16x8.extend_low_i8x16_${sign}`,
      2: `i32x4.extend_low_i16x8_${sign}`,
      4: `i64x2.extend_low_i32x4_${sign}`,
    } as const;
    for (let step = 0, size: 1 | 2 | 4 = from; step < steps; step++, size = (size * 2) as 1 | 2 | 4) {
      value = b.pure(ladder[size], value);
    }
    b.setXmm(xmmNumber(lift, 0), value);
  };

/** PTEST: ZF when no bit of the source is set in the destination, CF when none is set outside it. */
const test: LiftFunction = (lift) => {
  const { b } = lift;
  const source = readVector(lift, 1);
  const old = b.xmm(xmmNumber(lift, 0));
  const zero = b.eqz(b.pure("v128.any_true", b.pure("v128.and", source, old)));
  const carry = b.eqz(b.pure("v128.any_true", b.pure("v128.andnot", source, old)));
  b.setAllFlags(b.or(b.shl(zero, b.i32(6)), carry));
};

/** PHMINPOSUW: the least word, and its number, in the low doubleword. */
const leastWord: LiftFunction = (lift) => {
  const { b } = lift;
  const source = readVector(lift, 1);
  // A word above its number: the least of these is the least word, the first of equals.
  let least: Value | null = null;
  for (let at = 0; at < 8; at++) {
    const key = b.or(b.shl(b.lane("i16x8.extract_lane_u", at, source), b.i32(3)), b.i32(at));
    least = least === null ? key : b.select(b.ltU(key, least), key, least);
  }
  const key = least ?? b.i32(0);
  const result = b.or(b.shrU(key, b.i32(3)), b.shl(b.and(key, b.i32(7)), b.i32(16)));
  b.setXmm(xmmNumber(lift, 0), b.lane("i32x4.replace_lane", 0, b.v128(0n), result));
};

/** MPSADBW: eight sums of differences, of four bytes of the source and four at each of eight places of the destination. */
const sumsAtPlaces: LiftFunction = (lift) => {
  const { b } = lift;
  const source = readVector(lift, 1);
  const number = xmmNumber(lift, 0);
  const old = b.xmm(number);
  const immediate = immediateOf(lift, 2);
  const block = (immediate & 3) * 4;
  const first = ((immediate >> 2) & 1) * 4;
  let sums: Value | null = null;
  for (let byte = 0; byte < 4; byte++) {
    const places = Array.from({ length: 16 }, (_, at) => Math.min(first + byte + at, 15));
    const moved = b.shuffle(old, old, places);
    const same = b.shuffle(source, source, new Array<number>(16).fill(block + byte));
    const differences = b.pure("i8x16.sub", b.pure("i8x16.max_u", moved, same), b.pure("i8x16.min_u", moved, same));
    const words = b.pure("i16x8.extend_low_i8x16_u", differences);
    sums = sums === null ? words : b.pure("i16x8.add", sums, words);
  }
  b.setXmm(number, sums ?? old);
};

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Pshufd, shuffleOne(4, (chosen) => chosen)],
  [Mnemonic.Pshuflw, shuffleOne(2, (chosen) => [...chosen, 4, 5, 6, 7])],
  [Mnemonic.Pshufhw, shuffleOne(2, (chosen) => [0, 1, 2, 3, ...chosen.map((word) => word + 4)])],
  [Mnemonic.Shufps, shuffleSingles],
  [Mnemonic.Shufpd, shuffleDoubles],
  [Mnemonic.Pblendw, blend(2)],
  [Mnemonic.Blendps, blend(4)],
  [Mnemonic.Blendpd, blend(8)],
  [Mnemonic.Pblendvb, blendBySign("i8x16")],
  [Mnemonic.Blendvps, blendBySign("i32x4")],
  [Mnemonic.Blendvpd, blendBySign("i64x2")],
  [Mnemonic.Pextrb, extract(1)],
  [Mnemonic.Pextrw, extract(2)],
  [Mnemonic.Pextrd, extract(4)],
  [Mnemonic.Pextrq, extract(8)],
  [Mnemonic.Extractps, extract(4)],
  [Mnemonic.Pinsrb, insert(1)],
  [Mnemonic.Pinsrw, insert(2)],
  [Mnemonic.Pinsrd, insert(4)],
  [Mnemonic.Pinsrq, insert(8)],
  [Mnemonic.Insertps, insertSingle],
  [Mnemonic.Pmovsxbw, widen("s", 1, 1)],
  [Mnemonic.Pmovsxbd, widen("s", 1, 2)],
  [Mnemonic.Pmovsxbq, widen("s", 1, 3)],
  [Mnemonic.Pmovsxwd, widen("s", 2, 1)],
  [Mnemonic.Pmovsxwq, widen("s", 2, 2)],
  [Mnemonic.Pmovsxdq, widen("s", 4, 1)],
  [Mnemonic.Pmovzxbw, widen("u", 1, 1)],
  [Mnemonic.Pmovzxbd, widen("u", 1, 2)],
  [Mnemonic.Pmovzxbq, widen("u", 1, 3)],
  [Mnemonic.Pmovzxwd, widen("u", 2, 1)],
  [Mnemonic.Pmovzxwq, widen("u", 2, 2)],
  [Mnemonic.Pmovzxdq, widen("u", 4, 1)],
  [Mnemonic.Ptest, test],
  [Mnemonic.Phminposuw, leastWord],
  [Mnemonic.Mpsadbw, sumsAtPlaces],
];

/** Instructions on XMM registers that put elements in other places, compare all of them, or widen them. */
export const sseShuffles: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
