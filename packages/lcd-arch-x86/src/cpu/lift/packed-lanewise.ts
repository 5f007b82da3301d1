import { Mnemonic } from "iced-x86";
import type { PureOperation, Value } from "../ir";
import type { BlockBuilder } from "./builder";

/** What a packed instruction makes of its two operands, as vectors of 128 bits. The first one is the destination. */
export type PackedOperation = (b: BlockBuilder, a: Value, c: Value) => Value;

/** An operation that a vector instruction of WebAssembly is. */
export const same =
  (operation: PureOperation): PackedOperation =>
  (b, a, c) =>
    b.pure(operation, a, c);

/** PSIGN: negated where the source is negative, 0 where it is 0. */
const signed =
  (shape: "i8x16" | "i16x8" | "i32x4"): PackedOperation =>
  (b, a, c) => {
    const zero = b.v128(0n);
    const negative = b.pure(`${shape}.lt_s`, c, zero);
    const chosen = b.pure("v128.bitselect", b.pure(`${shape}.neg`, a), a, negative);
    return b.pure("v128.and", chosen, b.pure(`${shape}.ne`, c, zero));
  };

const absolute =
  (shape: "i8x16" | "i16x8" | "i32x4"): PackedOperation =>
  (b, _, c) =>
    b.pure(`${shape}.abs`, c);

/** Packed integer instructions that do the same in each lane, on MMX and on XMM registers alike. */
export const lanewiseOperations: readonly (readonly [Mnemonic, PackedOperation])[] = [
  [Mnemonic.Paddb, same("i8x16.add")],
  [Mnemonic.Paddw, same("i16x8.add")],
  [Mnemonic.Paddd, same("i32x4.add")],
  [Mnemonic.Paddq, same("i64x2.add")],
  [Mnemonic.Paddsb, same("i8x16.add_sat_s")],
  [Mnemonic.Paddsw, same("i16x8.add_sat_s")],
  [Mnemonic.Paddusb, same("i8x16.add_sat_u")],
  [Mnemonic.Paddusw, same("i16x8.add_sat_u")],
  [Mnemonic.Psubb, same("i8x16.sub")],
  [Mnemonic.Psubw, same("i16x8.sub")],
  [Mnemonic.Psubd, same("i32x4.sub")],
  [Mnemonic.Psubq, same("i64x2.sub")],
  [Mnemonic.Psubsb, same("i8x16.sub_sat_s")],
  [Mnemonic.Psubsw, same("i16x8.sub_sat_s")],
  [Mnemonic.Psubusb, same("i8x16.sub_sat_u")],
  [Mnemonic.Psubusw, same("i16x8.sub_sat_u")],
  [Mnemonic.Pand, same("v128.and")],
  [Mnemonic.Pandn, (b, a, c) => b.pure("v128.andnot", c, a)],
  [Mnemonic.Por, same("v128.or")],
  [Mnemonic.Pxor, same("v128.xor")],
  [Mnemonic.Pcmpeqb, same("i8x16.eq")],
  [Mnemonic.Pcmpeqw, same("i16x8.eq")],
  [Mnemonic.Pcmpeqd, same("i32x4.eq")],
  [Mnemonic.Pcmpgtb, same("i8x16.gt_s")],
  [Mnemonic.Pcmpgtw, same("i16x8.gt_s")],
  [Mnemonic.Pcmpgtd, same("i32x4.gt_s")],
  [Mnemonic.Pmullw, same("i16x8.mul")],
  [Mnemonic.Pmaddwd, same("i32x4.dot_i16x8_s")],
  [Mnemonic.Pavgb, same("i8x16.avgr_u")],
  [Mnemonic.Pavgw, same("i16x8.avgr_u")],
  [Mnemonic.Pmaxsw, same("i16x8.max_s")],
  [Mnemonic.Pmaxub, same("i8x16.max_u")],
  [Mnemonic.Pminsw, same("i16x8.min_s")],
  [Mnemonic.Pminub, same("i8x16.min_u")],
  [Mnemonic.Psignb, signed("i8x16")],
  [Mnemonic.Psignw, signed("i16x8")],
  [Mnemonic.Psignd, signed("i32x4")],
  [Mnemonic.Pabsb, absolute("i8x16")],
  [Mnemonic.Pabsw, absolute("i16x8")],
  [Mnemonic.Pabsd, absolute("i32x4")],
];
