import { Cr4 } from "../../mmu/control-bits";
import { InterruptionType } from "../../vmx/exit-reason";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { isWideTss } from "../segmentation/tss";
import { Rflags, Segment } from "../state";
import { hasCr4 } from "../system/mode";
import type { InterruptEvent } from "./event";
import { ioplOf } from "./flags";
import { enterByVector } from "./real-mode";

/** Offset of the I/O map base in a 32-bit TSS; the software interrupt redirection bitmap lies before the I/O map. */
const IO_MAP_BASE = 102;
const REDIRECTION_BYTES = 32;
const ENTRY_SIZE = 4;

/**
 * INT n of virtual-8086 code (SDM 3B, "Class 3—Software Interrupt Handling in Virtual-8086 Mode"): with CR4.VME a clear
 * bit in the redirection bitmap sends it to the program's own interrupt vector table.
 *
 * @returns whether it was; false: it goes through the IDT, as other events do
 * @throws GuestException #GP(0) when it goes through the IDT and IOPL is below 3; LinearAccessError
 */
export function redirectInterrupt(p: Processor, event: InterruptEvent): boolean {
  if (event.type !== InterruptionType.softwareInterrupt) {
    return false;
  }
  const { state } = p;
  const flags = p.eflags;
  const owner = ioplOf(flags) === 3;
  if (!hasCr4(p, Cr4.VME) || !isRedirected(p, event.vector)) {
    if (!owner) {
      throw generalProtection();
    }
    return false;
  }
  const virtual = (flags & ~Rflags.IF) | Rflags.IOPL | ((flags & Rflags.VIF) !== 0 ? Rflags.IF : 0);
  enterByVector(p, p.linear, event.vector * ENTRY_SIZE, event, owner ? flags : virtual);
  const cleared = Rflags.TF | Rflags.RF | (owner ? Rflags.IF : Rflags.VIF);
  state.set32("systemFlags", state.get32("systemFlags") & ~cleared);
  p.addressSpaceChanged();
  return true;
}

/** Whether the bitmap sends a vector to the program; what lies beyond the TSS does not. */
function isRedirected(p: Processor, vector: number): boolean {
  const { state, supervisor } = p;
  const base = state.low("segmentBase", Segment.tr);
  const limit = state.get32("segmentLimit", Segment.tr);
  if (!isWideTss(p) || limit < IO_MAP_BASE + 1) {
    return false;
  }
  const at = supervisor.read16(base, 0, IO_MAP_BASE) - REDIRECTION_BYTES + (vector >> 3);
  return at >= 0 && at <= limit && (supervisor.read8(base, 0, at) & (1 << (vector & 7))) === 0;
}
