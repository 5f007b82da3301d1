import { Mnemonic } from "iced-x86";
import type { PureOperation } from "../../ir";
import { lanewiseOperations, type PackedOperation, same } from "../packed-lanewise";
import type { LiftTable } from "../table";
import { readVector, sse, xmmNumber } from "./operands";

/** Packed integer instructions `xmm, xmm/m128` whose result depends on the two operands alone. */

/** Elements of `size` bytes at even or odd places of both operands, the destination's first. */
function everyOther(size: 2 | 4, odd: 0 | 1): PackedOperation {
  const bytes = [0, 16].flatMap((operand) =>
    Array.from({ length: 8 }, (_, at) => {
      const element = 2 * Math.floor(at / size) + odd;
      return operand + element * size + (at % size);
    }),
  );
  return (b, a, c) => b.shuffle(a, c, bytes);
}

/** An operation between neighbours: the even elements with the odd ones. */
const horizontal =
  (size: 2 | 4, operation: PureOperation): PackedOperation =>
  (b, a, c) =>
    b.pure(operation, everyOther(size, 0)(b, a, c), everyOther(size, 1)(b, a, c));

/** PUNPCK: interleaves elements of `size` bytes from the lower or upper half of each operand, the destination's first. */
function interleaved(size: 1 | 2 | 4 | 8, half: 0 | 1): PackedOperation {
  const bytes = Array.from({ length: 16 }, (_, at) => {
    const element = Math.floor(at / size);
    return (element % 2) * 16 + half * 8 + Math.floor(element / 2) * size + (at % size);
  });
  return (b, a, c) => b.shuffle(a, c, bytes);
}

/** Upper halves of eight 32-bit products of words. */
const highProducts =
  (sign: "s" | "u"): PackedOperation =>
  (b, a, c) => {
    const low = b.pure(`i32x4.extmul_low_i16x8_${sign}`, a, c);
    const high = b.pure(`i32x4.extmul_high_i16x8_${sign}`, a, c);
    return everyOther(2, 1)(b, low, high);
  };

/** PMULHRSW: WebAssembly's operation saturates -32768 times itself, which this instruction lets wrap. */
const roundedProducts: PackedOperation = (b, a, c) => {
  const least = b.pure("i16x8.splat", b.i32(-32768));
  const wraps = b.pure("v128.and", b.pure("i16x8.eq", a, least), b.pure("i16x8.eq", c, least));
  return b.pure("v128.xor", b.pure("i16x8.q15mulr_sat_s", a, c), wraps);
};

/** PMADDUBSW: unsigned bytes times signed ones, neighbours added with saturation. */
const bytesTimesSigned: PackedOperation = (b, a, c) => {
  const sums = (half: "low" | "high") =>
    b.pure(
      "i32x4.extadd_pairwise_i16x8_s",
      b.pure("i16x8.mul", b.pure(`i16x8.extend_${half}_i8x16_u`, a), b.pure(`i16x8.extend_${half}_i8x16_s`, c)),
    );
  return b.pure("i16x8.narrow_i32x4_s", sums("low"), sums("high"));
};

/** PMULUDQ and PMULDQ: products of the even doublewords. */
const longProducts =
  (sign: "s" | "u"): PackedOperation =>
  (b, a, c) => {
    const even = everyOther(4, 0);
    return b.pure(`i64x2.extmul_low_i32x4_${sign}`, even(b, a, a), even(b, c, c));
  };

/** PSADBW: in each half the sum of the bytes' differences. */
const sumsOfDifferences: PackedOperation = (b, a, c) => {
  const differences = b.pure("i8x16.sub", b.pure("i8x16.max_u", a, c), b.pure("i8x16.min_u", a, c));
  const words = b.pure("i16x8.extadd_pairwise_i8x16_u", differences);
  const sums = b.pure("i32x4.extadd_pairwise_i16x8_u", words);
  const even = b.pure("v128.and", sums, b.v128((0xffffffffn << 64n) | 0xffffffffn));
  return b.pure("i64x2.add", even, b.pure("i64x2.shr_u", sums, b.i32(32)));
};

/** PSHUFB: bits 3:0 of a byte choose one of the destination's; bit 7 makes it 0. */
const shuffledBytes: PackedOperation = (b, a, c) =>
  b.pure("i8x16.swizzle", a, b.pure("v128.and", c, b.pure("i8x16.splat", b.i32(0x8f))));

const operations: readonly (readonly [Mnemonic, PackedOperation])[] = [
  ...lanewiseOperations,
  [Mnemonic.Andps, same("v128.and")],
  [Mnemonic.Andpd, same("v128.and")],
  [Mnemonic.Andnps, (b, a, c) => b.pure("v128.andnot", c, a)],
  [Mnemonic.Andnpd, (b, a, c) => b.pure("v128.andnot", c, a)],
  [Mnemonic.Orps, same("v128.or")],
  [Mnemonic.Orpd, same("v128.or")],
  [Mnemonic.Xorps, same("v128.xor")],
  [Mnemonic.Xorpd, same("v128.xor")],
  [Mnemonic.Pmaxsb, same("i8x16.max_s")],
  [Mnemonic.Pmaxsd, same("i32x4.max_s")],
  [Mnemonic.Pmaxuw, same("i16x8.max_u")],
  [Mnemonic.Pmaxud, same("i32x4.max_u")],
  [Mnemonic.Pminsb, same("i8x16.min_s")],
  [Mnemonic.Pminsd, same("i32x4.min_s")],
  [Mnemonic.Pminuw, same("i16x8.min_u")],
  [Mnemonic.Pminud, same("i32x4.min_u")],
  [Mnemonic.Pcmpeqq, same("i64x2.eq")],
  [Mnemonic.Pcmpgtq, same("i64x2.gt_s")],
  [Mnemonic.Pmulld, same("i32x4.mul")],
  [Mnemonic.Pmulhw, highProducts("s")],
  [Mnemonic.Pmulhuw, highProducts("u")],
  [Mnemonic.Pmulhrsw, roundedProducts],
  [Mnemonic.Pmuludq, longProducts("u")],
  [Mnemonic.Pmuldq, longProducts("s")],
  [Mnemonic.Pmaddubsw, bytesTimesSigned],
  [Mnemonic.Psadbw, sumsOfDifferences],
  [Mnemonic.Packsswb, same("i8x16.narrow_i16x8_s")],
  [Mnemonic.Packuswb, same("i8x16.narrow_i16x8_u")],
  [Mnemonic.Packssdw, same("i16x8.narrow_i32x4_s")],
  [Mnemonic.Packusdw, same("i16x8.narrow_i32x4_u")],
  [Mnemonic.Punpcklbw, interleaved(1, 0)],
  [Mnemonic.Punpcklwd, interleaved(2, 0)],
  [Mnemonic.Punpckldq, interleaved(4, 0)],
  [Mnemonic.Punpcklqdq, interleaved(8, 0)],
  [Mnemonic.Punpckhbw, interleaved(1, 1)],
  [Mnemonic.Punpckhwd, interleaved(2, 1)],
  [Mnemonic.Punpckhdq, interleaved(4, 1)],
  [Mnemonic.Punpckhqdq, interleaved(8, 1)],
  [Mnemonic.Unpcklps, interleaved(4, 0)],
  [Mnemonic.Unpcklpd, interleaved(8, 0)],
  [Mnemonic.Unpckhps, interleaved(4, 1)],
  [Mnemonic.Unpckhpd, interleaved(8, 1)],
  [Mnemonic.Phaddw, horizontal(2, "i16x8.add")],
  [Mnemonic.Phaddd, horizontal(4, "i32x4.add")],
  [Mnemonic.Phaddsw, horizontal(2, "i16x8.add_sat_s")],
  [Mnemonic.Phsubw, horizontal(2, "i16x8.sub")],
  [Mnemonic.Phsubd, horizontal(4, "i32x4.sub")],
  [Mnemonic.Phsubsw, horizontal(2, "i16x8.sub_sat_s")],
  [Mnemonic.Pshufb, shuffledBytes],
];

/** The packed integer and logical instructions on XMM registers. */
export const ssePacked: LiftTable = operations.map(([mnemonic, operation]) => [
  mnemonic,
  sse((lift) => {
    const source = readVector(lift, 1);
    const number = xmmNumber(lift, 0);
    lift.b.setXmm(number, operation(lift.b, lift.b.xmm(number), source));
  }),
]);
