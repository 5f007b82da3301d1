import { Mnemonic } from "iced-x86";
import type { PureOperation, Value } from "../ir";
import type { BlockBuilder } from "./builder";
import { lanewiseOperations, type PackedOperation } from "./packed-lanewise";

/**
 * What packed integer instructions compute on 64 bits, with vectors of 128, as far as it is not the same in each lane.
 * Operands are given twice, in the lower and in the upper half, and only the lower half of the result counts.
XX side by side: the first in the lower half. */
const joined = (b: BlockBuilder, a: Value, c: Value): Value =>
  b.lane("i64x2.replace_lane", 1, a, b.lane("i64x2.extract_lane", 0, c));

/** An operation that makes of sixteen bytes, the destination's below the source's, eight. */
const narrowing =
  (operation: PureOperation): PackedOperation =>
  (b, a, c) => {
    const both = joined(b, a, c);
    return b.pure(operation, both, both);
  };

/** Bytes of the operands in another order: 0 to 7 are the first's, 16 to 23 the second's. */
const reordered =
  (...bytes: number[]): PackedOperation =>
  (b, a, c) =>
    b.shuffle(a, c, [...bytes, ...bytes]);

/** Elements of two or four bytes at even or odd places of both operands, the destination's first. */
function everyOther(size: 2 | 4, odd: 0 | 1): PackedOperation {
  const bytes: number[] = [];
  for (const operand of [0, 16]) {
    for (let element = odd; element < 8 / size; element += 2) {
      for (let byte = 0; byte < size; byte++) {
        bytes.push(operand + element * size + byte);
      }
    }
  }
  return reordered(...bytes);
}

/** An operation between neighbours: the even elements with the odd ones. */
const horizontal =
  (size: 2 | 4, operation: PureOperation): PackedOperation =>
  (b, a, c) =>
    b.pure(operation, everyOther(size, 0)(b, a, c), everyOther(size, 1)(b, a, c));

/** Interleaves elements of `size` bytes from one half of each operand: the destination's first. */
function interleaved(size: 1 | 2 | 4, from: 0 | 4): PackedOperation {
  const bytes: number[] = [];
  for (let at = from; at < from + 4; at += size) {
    for (const operand of [0, 16]) {
      for (let byte = 0; byte < size; byte++) {
        bytes.push(operand + at + byte);
      }
    }
  }
  return reordered(...bytes);
}

/** Upper halves of four 32-bit products of words. */
const highProducts =
  (multiply: PureOperation): PackedOperation =>
  (b, a, c) => {
    const products = b.pure(multiply, a, c);
    return reordered(2, 3, 6, 7, 10, 11, 14, 15)(b, products, products);
  };

/** PMULHRSW: bits 30:15 of the products, rounded. */
const roundedProducts: PackedOperation = (b, a, c) => {
  const products = b.pure("i32x4.extmul_low_i16x8_s", a, c);
  const one = b.pure("i32x4.splat", b.i32(1));
  const rounded = b.pure("i32x4.add", b.pure("i32x4.shr_s", products, b.i32(14)), one);
  const results = b.pure("i32x4.shr_s", rounded, b.i32(1));
  return reordered(0, 1, 4, 5, 8, 9, 12, 13)(b, results, results);
};

/** PMADDUBSW: unsigned bytes times signed ones, neighbours added with saturation. */
const bytesTimesSigned: PackedOperation = (b, a, c) => {
  const unsigned = b.pure("i16x8.extend_low_i8x16_u", a);
  const signed = b.pure("i16x8.extend_low_i8x16_s", c);
  const sums = b.pure("i32x4.extadd_pairwise_i16x8_s", b.pure("i16x8.mul", unsigned, signed));
  return b.pure("i16x8.narrow_i32x4_s", sums, sums);
};

/** PMULUDQ: the lower doublewords. */
const longProduct: PackedOperation = (b, a, c) => b.pure("i64x2.extmul_low_i32x4_u", a, c);

/** PSADBW: the sum of the bytes' differences. */
const sumOfDifferences: PackedOperation = (b, a, c) => {
  const differences = b.pure("i8x16.sub", b.pure("i8x16.max_u", a, c), b.pure("i8x16.min_u", a, c));
  const words = b.pure("i16x8.extadd_pairwise_i8x16_u", differences);
  const sums = b.pure("i32x4.extadd_pairwise_i16x8_u", words);
  const total = b.add(b.lane("i32x4.extract_lane", 0, sums), b.lane("i32x4.extract_lane", 1, sums));
  return b.pure("i64x2.splat", b.extendU(total));
};

/** PHADDSW: neighbours added with saturation. */
const saturatedSums: PackedOperation = (b, a, c) => {
  const sums = b.pure("i32x4.extadd_pairwise_i16x8_s", joined(b, a, c));
  return b.pure("i16x8.narrow_i32x4_s", sums, sums);
};

/** PSHUFB: bits 2:0 of a byte choose one of the destination's; bit 7 makes it 0. */
const shuffledBytes: PackedOperation = (b, a, c) =>
  b.pure("i8x16.swizzle", a, b.pure("v128.and", c, b.pure("i8x16.splat", b.i32(0x87))));

/** Instructions `mm, mm/m64` (and `mm/m32`) whose result depends on the two operands alone. */
export const packedOperations: readonly (readonly [Mnemonic, PackedOperation])[] = [
  ...lanewiseOperations,
  [Mnemonic.Pmulhw, highProducts("i32x4.extmul_low_i16x8_s")],
  [Mnemonic.Pmulhuw, highProducts("i32x4.extmul_low_i16x8_u")],
  [Mnemonic.Pmulhrsw, roundedProducts],
  [Mnemonic.Pmuludq, longProduct],
  [Mnemonic.Pmaddubsw, bytesTimesSigned],
  [Mnemonic.Psadbw, sumOfDifferences],
  [Mnemonic.Packsswb, narrowing("i8x16.narrow_i16x8_s")],
  [Mnemonic.Packuswb, narrowing("i8x16.narrow_i16x8_u")],
  [Mnemonic.Packssdw, narrowing("i16x8.narrow_i32x4_s")],
  [Mnemonic.Punpcklbw, interleaved(1, 0)],
  [Mnemonic.Punpcklwd, interleaved(2, 0)],
  [Mnemonic.Punpckldq, interleaved(4, 0)],
  [Mnemonic.Punpckhbw, interleaved(1, 4)],
  [Mnemonic.Punpckhwd, interleaved(2, 4)],
  [Mnemonic.Punpckhdq, interleaved(4, 4)],
  [Mnemonic.Phaddw, horizontal(2, "i16x8.add")],
  [Mnemonic.Phaddd, horizontal(4, "i32x4.add")],
  [Mnemonic.Phaddsw, saturatedSums],
  [Mnemonic.Phsubw, horizontal(2, "i16x8.sub")],
  [Mnemonic.Phsubd, horizontal(4, "i32x4.sub")],
  [Mnemonic.Phsubsw, horizontal(2, "i16x8.sub_sat_s")],
  [Mnemonic.Pshufb, shuffledBytes],
];
