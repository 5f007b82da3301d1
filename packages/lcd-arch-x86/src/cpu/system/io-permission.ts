import { Cr0 } from "../../mmu/control-bits";
import { Rights } from "../../vmx/segments";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Rflags, Segment } from "../state";
import { inProtectedMode } from "./mode";

/** Offset of the I/O map base in a 32-bit and in a 64-bit TSS, and the size of that field. */
const MAP_BASE = 0x66;
const MAP_BASE_SIZE = 2;

/** Type bit 3 of TR: a 32-bit or 64-bit TSS; a 16-bit one has no I/O permission bit map. */
const WIDE_TSS = 8;

const IOPL_SHIFT = 12;

/**
 * May the current program use these ports? At a CPL above IOPL, and in virtual-8086 mode, the TSS says so for each port
 * (SDM 1, "I/O Permission Bit Map").
 *
 * @param size 1, 2 or 4 ports
 * @throws GuestException #GP(0); LinearAccessError when the TSS cannot be read
 */
export function requirePorts(p: Processor, port: number, size: number): void {
  const { state } = p;
  if ((state.low("cr0") & Cr0.PE) === 0) {
    return;
  }
  const iopl = (state.get32("systemFlags") & Rflags.IOPL) >> IOPL_SHIFT;
  if (inProtectedMode(p) && state.get32("cpl") <= iopl) {
    return;
  }
  const rights = state.get32("segmentRights", Segment.tr);
  if ((rights & Rights.unusable) !== 0 || (rights & WIDE_TSS) === 0) {
    throw generalProtection();
  }
  // Two bytes are always read, for ports whose bits are not all in one; so the map ends with a byte of ones.
  const bits = tssWord(p, tssWord(p, MAP_BASE) + (port >> 3)) >> (port & 7);
  if ((bits & ((1 << size) - 1)) !== 0) {
    throw generalProtection();
  }
}

/** Two bytes of the current TSS. @throws GuestException #GP(0) beyond its limit */
function tssWord(p: Processor, offset: number): number {
  const { state } = p;
  if (offset + MAP_BASE_SIZE - 1 > state.get32("segmentLimit", Segment.tr)) {
    throw generalProtection();
  }
  return p.supervisor.read16(state.low("segmentBase", Segment.tr), state.high("segmentBase", Segment.tr), offset);
}
