import type { CpuState } from "../src/cpu/state";
import { Fx } from "./fx-state";

const TOP_AT = 11;

/** Where R0 to R7 are among ST0 to ST7. */
const stackPlace = (register: number, status: number): number => (register - (status >>> TOP_AT)) & 7;

/** Puts the x87, MMX and SSE registers of an FXSAVE image into a processor. */
export function setFx(state: CpuState, image: Uint8Array): void {
  const view = new DataView(image.buffer, image.byteOffset);
  const status = view.getUint16(Fx.status, true);
  state.set32("fpuControl", view.getUint16(Fx.control, true));
  state.set32("fpuStatus", status);
  state.set32("fpuTags", image[Fx.tag]);
  state.set32("mxcsr", view.getUint32(Fx.mxcsr, true));
  for (let register = 0; register < 8; register++) {
    const at = Fx.st + stackPlace(register, status) * Fx.stSize;
    state.set64("st", view.getBigUint64(at, true), register * 2);
    state.set64("st", BigInt(view.getUint16(at + 8, true)), register * 2 + 1);
  }
  for (let i = 0; i < 32; i++) {
    state.set64("xmm", view.getBigUint64(Fx.xmm + i * 8, true), i);
  }
}

/** The FXSAVE image of a processor's registers, without the pointers of the last x87 instruction. */
export function fxOf(state: CpuState): Uint8Array {
  const image = new Uint8Array(Fx.size);
  const view = new DataView(image.buffer);
  const status = state.get32("fpuStatus");
  view.setUint16(Fx.control, state.get32("fpuControl"), true);
  view.setUint16(Fx.status, status, true);
  image[Fx.tag] = state.get32("fpuTags");
  view.setUint32(Fx.mxcsr, state.get32("mxcsr"), true);
  for (let register = 0; register < 8; register++) {
    const at = Fx.st + stackPlace(register, status) * Fx.stSize;
    view.setBigUint64(at, state.get64("st", register * 2), true);
    view.setUint16(at + 8, Number(state.get64("st", register * 2 + 1) & 0xffffn), true);
  }
  for (let i = 0; i < 32; i++) {
    view.setBigUint64(Fx.xmm + i * 8, state.get64("xmm", i), true);
  }
  return image;
}
