import { Cr0 } from "../../mmu/control-bits";
import { GuestException, generalProtection, Vector } from "../exception";
import type { Processor } from "../processor";
import { Fxsave, loadX87, loadXmm, MXCSR_MASK, storeMxcsr, storeX87, storeXmm } from "../x87/index";
import { operandAddress, probeArea, readArea, writeArea } from "./memory-operand";
import { in64BitMode } from "./mode";
import { type Execute, next, type Operation, type Operations } from "./operation";

const ALIGNMENT = 16n;

/** XMM registers that the mode has. */
export const xmmCount = (p: Processor): 8 | 16 => (in64BitMode(p) ? 16 : 8);

/** Where FXSAVE's data end: behind the XMM registers. */
const endOfData = (p: Processor): number => Fxsave.xmm + xmmCount(p) * 16;

/** @throws GuestException #GP(0) unless the address is a multiple of `alignment` */
export function requireAlignment(address: bigint, alignment: bigint): void {
  if (address % alignment !== 0n) {
    throw generalProtection();
  }
}

/** @throws GuestException #NM when one of these bits of CR0 is set */
export function requireDevice({ state }: Processor, bits: number): void {
  if ((state.low("cr0") & bits) !== 0) {
    throw new GuestException(Vector.deviceNotAvailable, null);
  }
}

/** @throws GuestException #GP(0) for an MXCSR that has reserved bits */
export function requireMxcsr(mxcsr: number): void {
  if ((mxcsr & ~MXCSR_MASK) !== 0) {
    throw generalProtection();
  }
}

const X87_UNAVAILABLE = Cr0.EM | Cr0.TS;

const save = (wide: boolean): Execute =>
  next((p) => {
    const address = operandAddress(p);
    requireAlignment(address, ALIGNMENT);
    probeArea(p, address, Fxsave.size);
    const view = new DataView(new ArrayBuffer(Fxsave.size));
    storeX87(p.fpu, view, wide);
    storeMxcsr(p.state, view);
    storeXmm(p.state, view, xmmCount(p));
    writeArea(p, address, view, 0, endOfData(p));
  });

const restore = (wide: boolean): Execute =>
  next((p) => {
    const address = operandAddress(p);
    requireAlignment(address, ALIGNMENT);
    const view = readArea(p, address, endOfData(p));
    const mxcsr = view.getUint32(Fxsave.mxcsr, true);
    requireMxcsr(mxcsr);
    loadX87(p.fpu, view, wide);
    loadXmm(p.state, view, xmmCount(p));
    p.state.set32("mxcsr", mxcsr);
  });

const common: Omit<Operation, "execute"> = {
  unprivileged: true,
  require: (p) => requireDevice(p, X87_UNAVAILABLE),
};

/** FXSAVE and FXRSTOR (SDM 2A); `64` with REX.W. SSE state goes along whether or not CR4.OSFXSR is set. */
export const fxsaveOperations: Operations = {
  fxsave: { ...common, execute: save(false) },
  fxsave64: { ...common, execute: save(true) },
  fxrstor: { ...common, execute: restore(false) },
  fxrstor64: { ...common, execute: restore(true) },
};
