import { invalidTss, stackFault } from "../exception";
import type { Processor } from "../processor";
import { type Descriptor, isNull, RPL, selectorError } from "./descriptor";
import { Stack } from "./stack";
import { readDescriptor } from "./table";
import { stackFor } from "./tss";

/** A stack for more privileged code, and the segment that SS will be loaded with. */
export interface NewStack {
  readonly stack: Stack;
  readonly segment: Descriptor;
}

/**
 * The stack that the 16- or 32-bit TSS has for a privilege level (SDM 3A, "Stack Switching"). Nothing is loaded.
 *
 * @throws GuestException #TS, #SS; LinearAccessError
 */
export function newStack(p: Processor, cpl: number): NewStack {
  const { selector, pointer } = stackFor(p, cpl);
  const error = selectorError(selector);
  if (isNull(selector)) {
    throw invalidTss(error);
  }
  const segment = readDescriptor(p, selector, invalidTss);
  if ((selector & RPL) !== cpl || segment.dpl !== cpl || !segment.isWritableData) {
    throw invalidTss(error);
  }
  if (!segment.isPresent) {
    throw stackFault(error);
  }
  return { stack: Stack.inSegment(p, segment, pointer, error), segment };
}
