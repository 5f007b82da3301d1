import { generalProtection, notPresent } from "../exception";
import type { Processor } from "../processor";
import { inLongMode } from "../system/mode";
import { type Descriptor, isNull, selectorError } from "./descriptor";
import { readDescriptor } from "./table";

/**
 * Reads the descriptor of the code segment that a gate leads to; in IA-32e mode that has to be 64-bit code.
 *
 * @param cpl of the code that goes through the gate
 * @throws GuestException, LinearAccessError
 */
export function readGateCode(p: Processor, selector: number, cpl: number): Descriptor {
  if (isNull(selector)) {
    throw generalProtection();
  }
  const code = readDescriptor(p, selector);
  const wrongMode = inLongMode(p) && (!code.isLong || code.isBig);
  if (!code.isCode || wrongMode || code.dpl > cpl) {
    throw generalProtection(selectorError(selector));
  }
  if (!code.isPresent) {
    throw notPresent(selectorError(selector));
  }
  return code;
}
