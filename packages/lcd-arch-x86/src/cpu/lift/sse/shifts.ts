import { Mnemonic, OpKind } from "iced-x86";
import type { PureOperation } from "../../ir";
import { packedShifts } from "../packed-shifts";
import type { LiftFunction, LiftTable } from "../table";
import { readVector, sse, xmmNumber } from "./operands";

/** Shifts of each lane by an immediate, or by the low half of a vector: counts of the width or more shift everything out. */
const shift =
  (operation: PureOperation, width: 16 | 32 | 64): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const number = xmmNumber(lift, 0);
    const immediate = lift.kind(1) === OpKind.Immediate8;
    const count = immediate ? b.i64(lift.immediate(1)) : b.lane("i64x2.extract_lane", 0, readVector(lift, 1));
    const most = b.i64(width - 1);
    const within = b.leU(count, most);
    if (operation.endsWith("shr_s")) {
      b.setXmm(number, b.pure(operation, b.xmm(number), b.wrap(b.select(within, count, most))));
    } else {
      b.setXmm(number, b.select(within, b.pure(operation, b.xmm(number), b.wrap(count)), b.v128(0n)));
    }
  };

/** PSLLDQ and PSRLDQ: by whole bytes. */
const shiftBytes =
  (left: boolean): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const number = xmmNumber(lift, 0);
    const count = Math.min(Number(lift.immediate(1)) & 0xff, 16);
    const from = left ? 16 - count : count;
    const zero = b.v128(0n);
    const [low, high] = left ? [zero, b.xmm(number)] : [b.xmm(number), zero];
    const bytes = Array.from({ length: 16 }, (_, at) => from + at);
    b.setXmm(number, b.shuffle(low, high, bytes));
  };

/** PALIGNR: sixteen bytes from a byte of the source on, the destination above it; behind them there are zeros. */
const alignRight: LiftFunction = (lift) => {
  const { b } = lift;
  const number = xmmNumber(lift, 0);
  const source = readVector(lift, 1);
  const from = Number(lift.immediate(2)) & 0xff;
  const zero = b.v128(0n);
  const [low, high] = from < 16 ? [source, b.xmm(number)] : [b.xmm(number), zero];
  const first = from < 16 ? from : Math.min(from - 16, 16);
  const bytes = Array.from({ length: 16 }, (_, at) => first + at);
  b.setXmm(number, b.shuffle(low, high, bytes));
};

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  ...packedShifts.map(([mnemonic, operation, width]) => [mnemonic, shift(operation, width)] as const),
  [Mnemonic.Pslldq, shiftBytes(true)],
  [Mnemonic.Psrldq, shiftBytes(false)],
  [Mnemonic.Palignr, alignRight],
];

/** Shifts of XMM registers. */
export const sseShifts: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
