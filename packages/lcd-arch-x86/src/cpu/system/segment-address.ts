import { isCanonicalHigh } from "../../mmu/index";
import { CodeMode } from "../code-mode";
import { GuestException, generalProtection, stackFault, Vector } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { in64BitMode } from "./mode";

/**
 * The linear address of an offset in a segment, checked as memory accesses are (SDM 3A, "Limit Checking", "Type Checking",
 * "Alignment Check Exception (#AC)"). One that is not canonical raises its exception where it is used.
 *
 * @param size in bytes, of an access that is a write if `write`
 * @throws GuestException #GP(0), through SS #SS(0); #AC(0)
 */
export function segmentAddress(p: Processor, segment: number, offset: bigint, size: number, write: boolean): bigint {
  const linear = place(p, segment, offset, size, write);
  checkAlignment(p, linear, size);
  return linear;
}

/**
 * The alignment of one part of an operand (SDM 3A, "Alignment Check Exception (#AC)"). Of an address that is not canonical
 * nothing is asked: it raises its exception where it is used.
 *
 * @param size in bytes, of the part
 * @throws GuestException #AC(0) where accesses are checked and this one is not aligned to its size
 */
export function checkAlignment({ state }: Processor, linear: bigint, size: number): void {
  const checked = (state.get32("codeMode") & CodeMode.alignment) !== 0;
  if (checked && linear % BigInt(size) !== 0n && isCanonicalHigh(Number(linear >> 32n) | 0, state.low("cr4"))) {
    throw new GuestException(Vector.alignmentCheck, 0);
  }
}

function place(p: Processor, segment: number, offset: bigint, size: number, write: boolean): bigint {
  const { state } = p;
  if (in64BitMode(p)) {
    const base = segment === Segment.fs || segment === Segment.gs ? state.get64("segmentBase", segment) : 0n;
    return BigInt.asUintN(64, base + offset);
  }
  const end = state.get64(write ? "segmentWriteEnd" : "segmentReadEnd", segment);
  if (offset < state.get64("segmentFirst", segment) || offset + BigInt(size) > end) {
    throw segment === Segment.ss ? stackFault() : generalProtection();
  }
  return BigInt.asUintN(32, state.get64("segmentBase", segment) + offset);
}
