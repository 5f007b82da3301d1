import type { CpuState } from "../state";
import { loadWords } from "./control";
import type { Fpu } from "./fpu";
import { loadRegister, storeRegister } from "./images";

/** Places in the area of FXSAVE, and in the legacy region of XSAVE (SDM 1, "FXSAVE Area"). */
export const Fxsave = {
  controlWord: 0,
  statusWord: 2,
  /** Abridged tags: a bit for each physical register, set when it is not empty. */
  tags: 4,
  opcode: 6,
  instruction: 8,
  operand: 16,
  mxcsr: 24,
  mxcsrMask: 28,
  st: 32,
  xmm: 160,
  /** Bytes from 464 on are not touched. */
  size: 512,
} as const;

/** Bits of MXCSR that there are; a load that sets another raises #GP(0). */
export const MXCSR_MASK = 0xffff;

const SLOT = 16;

/**
 * Writes the x87 state: bytes 0 to 23 and 32 to 159.
 *
 * @param wide with REX.W, 64-bit pointers; else 32 bits and selectors
 */
export function storeX87(fpu: Fpu, view: DataView, wide: boolean): void {
  const { state } = fpu;
  view.setUint16(Fxsave.controlWord, fpu.control, true);
  view.setUint16(Fxsave.statusWord, fpu.status, true);
  view.setUint16(Fxsave.tags, state.get32("fpuTags"), true);
  view.setUint16(Fxsave.opcode, state.get32("fpuOpcode") & 0x7ff, true);
  view.setBigUint64(Fxsave.instruction, state.get64("fpuIp"), true);
  view.setBigUint64(Fxsave.operand, state.get64("fpuDp"), true);
  if (!wide) {
    view.setUint32(Fxsave.instruction + 4, state.get32("fpuCs") & 0xffff, true);
    view.setUint32(Fxsave.operand + 4, state.get32("fpuDs") & 0xffff, true);
  }
  for (let i = 0; i < 8; i++) {
    const at = Fxsave.st + i * SLOT;
    storeRegister(fpu, i, view, at);
    view.setUint16(at + 10, 0, true);
    view.setUint32(at + 12, 0, true);
  }
}

/** Reads what `storeX87` writes; any contents will do. */
export function loadX87(fpu: Fpu, view: DataView, wide: boolean): void {
  const { state } = fpu;
  loadWords(fpu, view.getUint16(Fxsave.controlWord, true), view.getUint16(Fxsave.statusWord, true));
  state.set32("fpuTags", view.getUint8(Fxsave.tags));
  state.set32("fpuOpcode", view.getUint16(Fxsave.opcode, true) & 0x7ff);
  const pointer = (at: number): bigint => (wide ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true)));
  state.set64("fpuIp", pointer(Fxsave.instruction));
  state.set64("fpuDp", pointer(Fxsave.operand));
  state.set32("fpuCs", wide ? 0 : view.getUint16(Fxsave.instruction + 4, true));
  state.set32("fpuDs", wide ? 0 : view.getUint16(Fxsave.operand + 4, true));
  for (let i = 0; i < 8; i++) {
    loadRegister(fpu, i, view, Fxsave.st + i * SLOT);
  }
}

/** Writes MXCSR and its mask: bytes 24 to 31. */
export function storeMxcsr(state: CpuState, view: DataView): void {
  view.setUint32(Fxsave.mxcsr, state.get32("mxcsr"), true);
  view.setUint32(Fxsave.mxcsrMask, MXCSR_MASK, true);
}

/** Writes XMM registers, from byte 160 on. @param count 16 in 64-bit mode, else 8 */
export function storeXmm(state: CpuState, view: DataView, count: 8 | 16): void {
  for (let half = 0; half < count * 2; half++) {
    view.setBigUint64(Fxsave.xmm + half * 8, state.get64("xmm", half), true);
  }
}

export function loadXmm(state: CpuState, view: DataView, count: 8 | 16): void {
  for (let half = 0; half < count * 2; half++) {
    state.set64("xmm", view.getBigUint64(Fxsave.xmm + half * 8, true), half);
  }
}
