import { Mnemonic } from "iced-x86";
import type { PureOperation } from "../ir";

/** Shifts of each lane, of MMX and of XMM registers: the operation, and how many bits a lane has. */
export const packedShifts: readonly (readonly [Mnemonic, PureOperation, width: 16 | 32 | 64])[] = [
  [Mnemonic.Psllw, "i16x8.shl", 16],
  [Mnemonic.Pslld, "i32x4.shl", 32],
  [Mnemonic.Psllq, "i64x2.shl", 64],
  [Mnemonic.Psrlw, "i16x8.shr_u", 16],
  [Mnemonic.Psrld, "i32x4.shr_u", 32],
  [Mnemonic.Psrlq, "i64x2.shr_u", 64],
  [Mnemonic.Psraw, "i16x8.shr_s", 16],
  [Mnemonic.Psrad, "i32x4.shr_s", 32],
];
