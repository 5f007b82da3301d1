import { Register } from "./ir";
import { StateOffset } from "./state";

/** Where each virtual register lies in a processor's state. */
export const registerOffset = (register: number): number => {
  switch (register) {
    case Register.flagA:
      return StateOffset.flagA;
    case Register.flagB:
      return StateOffset.flagB;
    case Register.flagOp:
      return StateOffset.flagOp;
    case Register.flagOver:
      return StateOffset.flagOver;
    default:
      return register < Register.xmm
        ? StateOffset.gpr + register * 8
        : StateOffset.xmm + (register - Register.xmm) * 16;
  }
};
