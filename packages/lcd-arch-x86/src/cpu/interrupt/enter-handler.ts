import type { Processor } from "../processor";
import { inLongMode } from "../system/mode";
import type { InterruptEvent } from "./event";
import { enterLongModeHandler } from "./long-mode";

/**
 * Goes through the IDT to an event's handler, in the way of the current mode.
 *
 * @throws GuestException, LinearAccessError for a fault on the way; RIP and the segment registers are as before
 */
export function enterHandler(p: Processor, event: InterruptEvent): void {
  if (inLongMode(p)) {
    enterLongModeHandler(p, event);
  }
}
