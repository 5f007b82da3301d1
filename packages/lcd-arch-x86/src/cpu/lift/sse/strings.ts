import { Mnemonic } from "iced-x86";
import type { Value } from "../../ir";
import { compareStrings, FIRST_LENGTH_SHIFT, FLAGS_RESULT, INDEX_RESULT, SECOND_LENGTH_SHIFT } from "../../sse/strings";
import { Gpr } from "../../state";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { call, readVector, sse, xmmNumber } from "./operands";

const IMMEDIATE_WORDS = 1;

/** A length in a general-purpose register: its magnitude, at most as many elements as there are; an i32. */
function lengthIn(lift: Lift, register: number, size: number, most: number): Value {
  const { b } = lift;
  const value = lift.gpr(register, size);
  const magnitude = b.select(b.ltS(value, b.constant(value.type, 0)), b.sub(b.constant(value.type, 0), value), value);
  const limit = b.constant(value.type, most);
  return b.wrap(b.select(b.ltU(limit, magnitude), limit, magnitude));
}

/** PCMPxSTRx. `size`: bytes of the registers that have the lengths; 0 when the strings end at a 0. */
const compare =
  (size: 0 | 4 | 8, result: "index" | "mask"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const source = readVector(lift, 1, false);
    const first = b.xmm(xmmNumber(lift, 0));
    const immediate = Number(lift.immediate(2)) & 0xff;
    let control = b.i32(immediate);
    if (size !== 0) {
      const most = immediate & IMMEDIATE_WORDS ? 8 : 16;
      const lengths = [
        [Gpr.rax, FIRST_LENGTH_SHIFT],
        [Gpr.rdx, SECOND_LENGTH_SHIFT],
      ] as const;
      for (const [register, shift] of lengths) {
        control = b.or(control, b.shl(lengthIn(lift, register, size, most), b.i32(shift)));
      }
    }
    const mask = call(lift, size === 0 ? compareStrings.implicit : compareStrings.explicit, [first, source, control]);
    const index = b.field32(INDEX_RESULT);
    b.setAllFlags(b.field32(FLAGS_RESULT));
    if (result === "index") {
      lift.setGpr(Gpr.rcx, 4, index);
    } else {
      b.setXmm(0, mask);
    }
  };

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Pcmpistri, compare(0, "index")],
  [Mnemonic.Pcmpistrm, compare(0, "mask")],
  [Mnemonic.Pcmpestri, compare(4, "index")],
  [Mnemonic.Pcmpestrm, compare(4, "mask")],
  [Mnemonic.Pcmpestri64, compare(8, "index")],
  [Mnemonic.Pcmpestrm64, compare(8, "mask")],
];

/** SSE4.2's comparisons of strings. */
export const sseStrings: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
