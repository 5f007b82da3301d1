import { Mnemonic, OpKind } from "iced-x86";
import { Gpr } from "../../state";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { intoRegister, lowest } from "./floats";
import { numbers } from "./numbers";
import { isXmm, loadLow, readLow, readVector, sse, storeLow, writeVector, xmmNumber, zeroExtended } from "./operands";

/** MOVAPS and its like: all 16 bytes. */
const moveAll =
  (aligned: boolean): LiftFunction =>
  (lift) =>
    writeVector(lift, 0, readVector(lift, 1, aligned), aligned);

/** MOVD and MOVQ: between the low end of an XMM register and a general-purpose register or memory; the rest becomes 0. */
const moveInteger: LiftFunction = (lift) => {
  if (isXmm(lift, 0)) {
    const size = isXmm(lift, 1) ? 8 : lift.size(1);
    const value = isXmm(lift, 1) ? readLow(lift, 1, 8) : lift.read(1, size);
    lift.b.setXmm(xmmNumber(lift, 0), zeroExtended(lift, value));
  } else {
    lift.write(0, readLow(lift, 1, lift.size(0) === 8 ? 8 : 4));
  }
};

/** MOVSS and MOVSD: between registers only the low lane changes; from memory the rest becomes 0. */
const moveScalar =
  (size: 4 | 8): LiftFunction =>
  (lift) => {
    const { b } = lift;
    if (!isXmm(lift, 0)) {
      storeLow(lift, 0, size, lowest(size, b, b.xmm(xmmNumber(lift, 1))));
      return;
    }
    const number = xmmNumber(lift, 0);
    const n = size === 4 ? numbers.ss : numbers.sd;
    b.setXmm(
      number,
      isXmm(lift, 1)
        ? intoRegister(lift, n, b.xmm(number), lowest(size, b, b.xmm(xmmNumber(lift, 1))))
        : loadLow(lift, size),
    );
  };

/** MOVLPS, MOVHPS and their like: one half of a register from or to memory. */
const moveHalf =
  (half: 0 | 1): LiftFunction =>
  (lift) => {
    const { b } = lift;
    if (isXmm(lift, 0)) {
      const number = xmmNumber(lift, 0);
      b.setXmm(number, b.lane("i64x2.replace_lane", half, b.xmm(number), readLow(lift, 1, 8)));
    } else {
      storeLow(lift, 0, 8, b.lane("i64x2.extract_lane", half, b.xmm(xmmNumber(lift, 1))));
    }
  };

/** MOVHLPS and MOVLHPS: half `from` of the source to half `to` of the destination. */
const moveAcross =
  (from: 0 | 1, to: 0 | 1): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const number = xmmNumber(lift, 0);
    const value = b.lane("i64x2.extract_lane", from, b.xmm(xmmNumber(lift, 1)));
    b.setXmm(number, b.lane("i64x2.replace_lane", to, b.xmm(number), value));
  };

/** MOVSLDUP and MOVSHDUP: even or odd lanes twice. */
const duplicateLanes =
  (odd: 0 | 1): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const source = readVector(lift, 1);
    const lanes = [0, 0, 2, 2].flatMap((lane) => [0, 1, 2, 3].map((byte) => (lane + odd) * 4 + byte));
    b.setXmm(xmmNumber(lift, 0), b.shuffle(source, source, lanes));
  };

const duplicateLow: LiftFunction = (lift) =>
  lift.b.setXmm(xmmNumber(lift, 0), lift.b.pure("i64x2.splat", readLow(lift, 1, 8)));

/** MOVMSKPS, MOVMSKPD and PMOVMSKB: the signs of the lanes. */
const moveMask =
  (operation: "i8x16.bitmask" | "i32x4.bitmask" | "i64x2.bitmask"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const mask = b.pure(operation, b.xmm(xmmNumber(lift, 1)));
    lift.write(0, lift.size(0) === 8 ? b.extendU(mask) : mask);
  };

/** Bytes of the address in MASKMOVDQU's implied operand [DI], [EDI] or [RDI]. */
const addressBytes: Readonly<Partial<Record<OpKind, number>>> = {
  [OpKind.MemorySegDI]: 2,
  [OpKind.MemorySegEDI]: 4,
};

/** MASKMOVDQU: stores the bytes whose mask has its top bit set. The others are stored as they are. */
const maskedMove: LiftFunction = (lift) => {
  const { b, instruction } = lift;
  const offset = lift.within(b.register(Gpr.rdi), addressBytes[lift.kind(0)] ?? 8);
  const address = lift.segmented(offset, instruction.memorySegment, 16, true);
  const old = b.load(16, address, true);
  const mask = b.pure("i8x16.lt_s", b.xmm(xmmNumber(lift, 2)), b.v128(0n));
  b.store(16, address, b.pure("v128.bitselect", b.xmm(xmmNumber(lift, 1)), old, mask));
};

const table: readonly (readonly [Mnemonic, (lift: Lift) => void])[] = [
  [Mnemonic.Movaps, moveAll(true)],
  [Mnemonic.Movapd, moveAll(true)],
  [Mnemonic.Movdqa, moveAll(true)],
  [Mnemonic.Movntps, moveAll(true)],
  [Mnemonic.Movntpd, moveAll(true)],
  [Mnemonic.Movntdq, moveAll(true)],
  [Mnemonic.Movntdqa, moveAll(true)],
  [Mnemonic.Movups, moveAll(false)],
  [Mnemonic.Movupd, moveAll(false)],
  [Mnemonic.Movdqu, moveAll(false)],
  [Mnemonic.Lddqu, moveAll(false)],
  [Mnemonic.Movd, moveInteger],
  [Mnemonic.Movq, moveInteger],
  [Mnemonic.Movss, moveScalar(4)],
  [Mnemonic.Movsd, moveScalar(8)],
  [Mnemonic.Movlps, moveHalf(0)],
  [Mnemonic.Movlpd, moveHalf(0)],
  [Mnemonic.Movhps, moveHalf(1)],
  [Mnemonic.Movhpd, moveHalf(1)],
  [Mnemonic.Movhlps, moveAcross(1, 0)],
  [Mnemonic.Movlhps, moveAcross(0, 1)],
  [Mnemonic.Movsldup, duplicateLanes(0)],
  [Mnemonic.Movshdup, duplicateLanes(1)],
  [Mnemonic.Movddup, duplicateLow],
  [Mnemonic.Movmskps, moveMask("i32x4.bitmask")],
  [Mnemonic.Movmskpd, moveMask("i64x2.bitmask")],
  [Mnemonic.Pmovmskb, moveMask("i8x16.bitmask")],
  [Mnemonic.Maskmovdqu, maskedMove],
];

/** Moves to, from and between XMM registers. */
export const sseMoves: LiftTable = table.map(([mnemonic, move]) => [mnemonic, sse(move)]);
