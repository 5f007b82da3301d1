import type { Random } from "./random";

/** Places in the image that FXSAVE writes (SDM 1, "FXSAVE Area"). */
export const Fx = {
  size: 512,
  control: 0,
  status: 2,
  /** The abridged tag word: a bit for each register that is not empty. */
  tag: 4,
  mxcsr: 24,
  mxcsrMask: 28,
  /** ST0 to ST7, 16 bytes each, ten of which are the number. */
  st: 32,
  stSize: 16,
  stBytes: 10,
  xmm: 160,
  xmmSize: 16,
} as const;

const CONTROL_MASKS = 0x3f;
const CONTROL_RESERVED = 0x40;
const PRECISION_AT = 8;
const ROUNDING_AT = 10;
const CONDITION_CODES = 0x4700;
const TOP_AT = 11;

const MXCSR_MASKS = 0x1f80;
const MXCSR_FLAGS = 0x3f;
const MXCSR_ROUNDING_AT = 13;
const DAZ = 0x40;
const FTZ = 0x8000;

/** Fills an FXSAVE image with a state of the x87, MMX and SSE registers. */
export function fillFx(image: Uint8Array, random: Random): void {
  const view = new DataView(image.buffer, image.byteOffset);
  const choice = random.u32();
  const masks = choice % 5 === 0 ? random.below(0x40) : CONTROL_MASKS;
  const precision = random.pick([0, 2, 3, 3, 3]) << PRECISION_AT;
  view.setUint16(Fx.control, masks | CONTROL_RESERVED | precision | (random.below(4) << ROUNDING_AT), true);
  // Flags of exceptions that are masked; one that is not would be raised by the first instruction.
  const flags = random.chance(60) ? 0 : random.below(0x40) & masks;
  view.setUint16(Fx.status, (random.u32() & CONDITION_CODES) | (random.below(8) << TOP_AT) | flags, true);
  image[Fx.tag] = random.pick([0xff, 0xff, 0xff, 0, random.below(256), random.below(256)]);
  const sseMasks = choice % 7 === 0 ? random.u32() & MXCSR_MASKS : MXCSR_MASKS;
  const modes = (random.chance(25) ? DAZ : 0) | (random.chance(25) ? FTZ : 0);
  const rounding = random.chance(50) ? 0 : random.below(4) << MXCSR_ROUNDING_AT;
  view.setUint32(Fx.mxcsr, sseMasks | modes | rounding | (random.chance(70) ? 0 : random.below(MXCSR_FLAGS + 1)), true);
  for (let i = 0; i < 8; i++) {
    fillExtended(view, Fx.st + i * Fx.stSize, random);
  }
  for (let at = Fx.xmm; at < Fx.xmm + 16 * Fx.xmmSize; at += Fx.xmmSize) {
    fillVector(view, at, random);
  }
}

/** Fills 16 bytes with numbers of one of the sizes that vector instructions take. */
export function fillVector(view: DataView, at: number, random: Random): void {
  const fill = random.pick([fillSingle, fillSingle, fillDouble, fillDouble, fillIntegers, fillBytes]);
  const step = fill === fillSingle ? 4 : 8;
  for (let offset = 0; offset < 16; offset += step) {
    fill(view, at + offset, random);
  }
}

const singles = [
  0, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_0001, 0x7f80_0001,
  0xffa1_2345, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x8080_0000, 0x7f7f_ffff, 0xff7f_ffff, 0x3f00_0000,
  0x4000_0000, 0x4b00_0000, 0x4f00_0000, 0xcf00_0000, 0x4eff_ffff, 0x5f00_0000, 0xdf00_0000, 0x3f7f_ffff, 0x3f80_0001,
  0x3fc0_0000, 0x4020_0000,
];

function fillSingle(view: DataView, at: number, random: Random): void {
  const choice = random.below(10);
  let bits = random.u32();
  if (choice < 4) {
    bits = random.pick(singles);
  } else if (choice < 8) {
    // Numbers whose exponents are near each other: sums of them round and cancel.
    bits = (bits & 0x807f_ffff) | ((120 + random.below(16)) << 23);
  }
  view.setUint32(at, bits >>> 0, true);
}

/** High and low halves. */
const doubles: readonly (readonly [number, number])[] = [
  [0, 0],
  [0x8000_0000, 0],
  [0x3ff0_0000, 0],
  [0xbff0_0000, 0],
  [0x7ff0_0000, 0],
  [0xfff0_0000, 0],
  [0x7ff8_0000, 0],
  [0xfff8_0000, 1],
  [0x7ff0_0000, 1],
  [0xfff4_5678, 0x9abc_def0],
  [0, 1],
  [0x8000_0000, 1],
  [0x000f_ffff, 0xffff_ffff],
  [0x0010_0000, 0],
  [0x7fef_ffff, 0xffff_ffff],
  [0xffef_ffff, 0xffff_ffff],
  [0x3fe0_0000, 0],
  [0x4000_0000, 0],
  [0x41e0_0000, 0],
  [0xc1e0_0000, 0],
  [0x41df_ffff, 0xffc0_0000],
  [0x43e0_0000, 0],
  [0xc3e0_0000, 0],
  [0x3ff0_0000, 1],
  [0x47ef_ffff, 0xe000_0000],
  [0x47ef_ffff, 0xf000_0000],
  [0x3810_0000, 0],
  [0x380f_ffff, 0xffff_ffff],
  [0x3690_0000, 0],
  [0x3ff8_0000, 0],
  [0x4004_0000, 0],
];

function fillDouble(view: DataView, at: number, random: Random): void {
  const choice = random.below(10);
  let [high, low] = [random.u32(), random.u32()];
  if (choice < 4) {
    [high, low] = random.pick(doubles);
  } else if (choice < 8) {
    high = (high & 0x800f_ffff) | ((1010 + random.below(26)) << 20);
  }
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high >>> 0, true);
}

const EXTENDED_BIAS = 0x3fff;
const INTEGER_BIT = 0x8000_0000;

/** Sign and exponent, high and low half of the significand: with all kinds that no conversion makes. */
const extendeds: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [0x8000, 0, 0],
  [0x3fff, INTEGER_BIT, 0],
  [0xbfff, INTEGER_BIT, 0],
  [0x7fff, INTEGER_BIT, 0],
  [0xffff, INTEGER_BIT, 0],
  [0x7fff, 0xc000_0000, 0],
  [0xffff, 0xc000_0000, 0],
  [0x7fff, 0xc000_0000, 5],
  [0x7fff, INTEGER_BIT, 1],
  [0xffff, 0x9000_0000, 0],
  // Denormal, pseudo-denormal, unnormal, pseudo-infinity, pseudo-NaN
  [0, 0, 1],
  [0x8000, 0x7fff_ffff, 0xffff_ffff],
  [0, INTEGER_BIT, 0],
  [0x3fff, 0x4000_0000, 0],
  [0x7fff, 0, 0],
  [0x7fff, 0x4000_0000, 0],
  [1, INTEGER_BIT, 0],
  [0x7ffe, 0xffff_ffff, 0xffff_ffff],
  [0xfffe, 0xffff_ffff, 0xffff_ffff],
  [0x3ffe, INTEGER_BIT, 0],
  [0x4000, INTEGER_BIT, 0],
  [0x400e, INTEGER_BIT, 0],
  [0xc00e, INTEGER_BIT, 0],
  [0x401e, INTEGER_BIT, 0],
  [0xc01e, INTEGER_BIT, 0],
  [0x403e, INTEGER_BIT, 0],
  [0xc03e, INTEGER_BIT, 0],
  [0x403d, 0xffff_ffff, 0xffff_fffe],
  // Ten to the eighteenth, and one less: where FBSTP overflows.
  [0x403a, 0xde0b_6b3a, 0x7640_0000],
  [0x403a, 0xde0b_6b3a, 0x763f_fff0],
  [0x3fff, 0xc000_0000, 0],
  [0x4000, 0xa000_0000, 0],
];

/** Writes ten bytes: a number of double extended precision, or of an MMX register. */
function fillExtended(view: DataView, at: number, random: Random): void {
  const choice = random.below(20);
  let [head, high, low] = [random.u32() & 0xffff, random.u32(), random.u32()];
  if (choice < 6) {
    [head, high, low] = random.pick(extendeds);
  } else if (choice < 12) {
    head = (head & 0x8000) | (EXTENDED_BIAS - 8 + random.below(40));
    high |= INTEGER_BIT;
  } else if (choice < 15) {
    // As a float or a double: zeros at the end.
    head = (head & 0x8000) | (EXTENDED_BIAS - 4 + random.below(12));
    high |= INTEGER_BIT;
    low = random.chance(50) ? 0 : low & 0xffff_f800;
  } else if (choice < 17) {
    head = 0xffff;
  } else if (choice < 19) {
    high |= INTEGER_BIT;
  }
  view.setUint32(at, low >>> 0, true);
  view.setUint32(at + 4, high >>> 0, true);
  view.setUint16(at + 8, head, true);
}

const wholes: readonly (readonly [number, number])[] = [
  [0, 0],
  [0xffff_ffff, 0xffff_ffff],
  [0x7fff_ffff, 0xffff_ffff],
  [0x8000_0000, 0],
  [0x8000_8000, 0x8000_8000],
  [0x7fff_7fff, 0x7fff_7fff],
  [0x8080_8080, 0x7f7f_7f7f],
  [0x0001_0001, 0x0001_0001],
  [0, 17],
  [0, 8],
];

function fillIntegers(view: DataView, at: number, random: Random): void {
  const [high, low] = random.pick(wholes);
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
}

function fillBytes(view: DataView, at: number, random: Random): void {
  view.setUint32(at, random.u32(), true);
  view.setUint32(at + 4, random.u32(), true);
}
