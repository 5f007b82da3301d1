import { Mnemonic } from "iced-x86";
import { StateOffset } from "../../state";
import { MXCSR_MASK } from "../../x87/index";
import type { LiftFunction, LiftTable } from "../table";
import { sse } from "./operands";
import { forgetRounding } from "./ordinary";

const GENERAL_PROTECTION = 13;

/** LDMXCSR: reserved bits raise #GP(0). */
const load: LiftFunction = (lift) => {
  const { b } = lift;
  const mxcsr = lift.read(0, 4);
  b.raiseIf(b.and(mxcsr, b.i32(~MXCSR_MASK)), GENERAL_PROTECTION, 0);
  b.setField32(StateOffset.mxcsr, mxcsr);
  forgetRounding(b);
};

const store: LiftFunction = (lift) => lift.write(0, lift.b.field32(StateOffset.mxcsr));

/** LDMXCSR and STMXCSR, which have no XMM register that would tell them for SSE instructions. */
export const sseControl: LiftTable = [
  [Mnemonic.Ldmxcsr, sse(load)],
  [Mnemonic.Stmxcsr, sse(store)],
];
