import { Cr0, Cr4 } from "../../mmu/control-bits";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Gpr } from "../state";
import { Fxsave, initialize, loadX87, loadXmm, storeMxcsr, storeX87, storeXmm } from "../x87/index";
import { requireAlignment, requireDevice, requireMxcsr, xmmCount } from "./fxsave";
import { operandAddress, probeArea, readArea, writeArea } from "./memory-operand";
import { hasCr4 } from "./mode";
import { type Execute, next, type Operation, type Operations } from "./operation";
import { low32, pair, setPair } from "./registers";
import { StateComponent, XSAVE_COMPONENTS, XSAVE_SIZE, XsaveHeader } from "./xsave-area";

const exists = (p: Processor): boolean => hasCr4(p, Cr4.OSXSAVE);

/** XCR0 is the only extended control register. */
function requireXcr0(p: Processor): void {
  if (low32(p, Gpr.rcx) !== 0) {
    throw generalProtection();
  }
}

const readXcr = next((p) => {
  requireXcr0(p);
  setPair(p, p.state.get64("xcr0"));
});

/** x87 state is always enabled; what else is there may be. */
const writeXcr = next((p) => {
  requireXcr0(p);
  const value = pair(p);
  if ((value & BigInt(StateComponent.x87)) === 0n || (value & ~BigInt(XSAVE_COMPONENTS)) !== 0n) {
    throw generalProtection();
  }
  p.state.set64("xcr0", value);
});

const ALIGNMENT = 64n;

/** The components that an instruction is about: those asked for in EAX that XCR0 has enabled. */
const requested = (p: Processor): number => low32(p, Gpr.rax) & p.state.low("xcr0");

/** XSAVE: every component counts as in use; the header says so, and the rest of it is not touched. */
const save = (wide: boolean): Execute =>
  next((p) => {
    const address = operandAddress(p);
    requireAlignment(address, ALIGNMENT);
    const components = requested(p);
    probeArea(p, address, XSAVE_SIZE);
    const view = readArea(p, address, XSAVE_SIZE);
    const before = view.getBigUint64(XsaveHeader.components, true);
    view.setBigUint64(XsaveHeader.components, before | BigInt(components), true);
    if ((components & StateComponent.x87) !== 0) {
      storeX87(p.fpu, view, wide);
    }
    if ((components & StateComponent.sse) !== 0) {
      storeMxcsr(p.state, view);
      storeXmm(p.state, view, xmmCount(p));
    }
    writeArea(p, address, view, 0, XsaveHeader.compaction);
  });

/** @throws GuestException #GP(0) for a header of another format, or of components that XCR0 has not enabled */
function requireHeader(p: Processor, view: DataView): void {
  const components = view.getBigUint64(XsaveHeader.components, true);
  const compaction = view.getBigUint64(XsaveHeader.compaction, true);
  const reserved = view.getBigUint64(XsaveHeader.reserved, true);
  if ((components & ~p.state.get64("xcr0")) !== 0n || compaction !== 0n || reserved !== 0n) {
    throw generalProtection();
  }
}

/** XRSTOR: a component that the area does not hold gets its initial state. MXCSR comes from the area in any case. */
const restore = (wide: boolean): Execute =>
  next((p) => {
    const address = operandAddress(p);
    requireAlignment(address, ALIGNMENT);
    const components = requested(p);
    const view = readArea(p, address, XSAVE_SIZE);
    requireHeader(p, view);
    const mxcsr = view.getUint32(Fxsave.mxcsr, true);
    if ((components & StateComponent.sse) !== 0) {
      requireMxcsr(mxcsr);
    }
    const held = view.getUint32(XsaveHeader.components, true);
    if ((components & StateComponent.x87) !== 0) {
      restoreX87(p, view, wide, (held & StateComponent.x87) !== 0);
    }
    if ((components & StateComponent.sse) !== 0) {
      const xmm = (held & StateComponent.sse) !== 0 ? view : new DataView(new ArrayBuffer(XSAVE_SIZE));
      loadXmm(p.state, xmm, xmmCount(p));
      p.state.set32("mxcsr", mxcsr);
    }
  });

function restoreX87(p: Processor, view: DataView, wide: boolean, held: boolean): void {
  if (!held) {
    loadX87(p.fpu, new DataView(new ArrayBuffer(XSAVE_SIZE)), wide);
    initialize(p.fpu);
    return;
  }
  loadX87(p.fpu, view, wide);
}

const common: Omit<Operation, "execute"> = { exists, unprivileged: true, require: (p) => requireDevice(p, Cr0.TS) };

/** XGETBV, XSETBV, XSAVE and XRSTOR (SDM 2D; SDM 1, "Managing State Using the XSAVE Feature Set"). */
export const xsaveOperations: Operations = {
  xgetbv: { exists, unprivileged: true, execute: readXcr },
  xsetbv: { exists, exits: "xsetbv", execute: writeXcr },
  xsave: { ...common, execute: save(false) },
  xsave64: { ...common, execute: save(true) },
  xrstor: { ...common, execute: restore(false) },
  xrstor64: { ...common, execute: restore(true) },
};
