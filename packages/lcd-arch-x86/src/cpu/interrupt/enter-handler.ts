import type { Processor } from "../processor";
import { inLongMode, inRealMode, inVirtual8086 } from "../system/mode";
import type { InterruptEvent } from "./event";
import { enterLongModeHandler } from "./long-mode";
import { enterProtectedModeHandler } from "./protected-mode";
import { enterRealModeHandler } from "./real-mode";
import { redirectInterrupt } from "./virtual-8086";

/**
 * Goes to an event's handler in the way of the current mode.
 *
 * @returns false when the processor has left a guest instead
 * @throws GuestException, LinearAccessError for a fault on the way; RIP and the segment registers are as before, unless
 *   the processor is in a new task
 */
export function enterHandler(p: Processor, event: InterruptEvent): boolean {
  if (inLongMode(p)) {
    enterLongModeHandler(p, event);
    return true;
  }
  if (inRealMode(p)) {
    enterRealModeHandler(p, event);
    return true;
  }
  return (inVirtual8086(p) && redirectInterrupt(p, event)) || enterProtectedModeHandler(p, event);
}
