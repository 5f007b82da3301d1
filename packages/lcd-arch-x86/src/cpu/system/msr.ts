import { EFER_SUPPORTED, Efer } from "../../mmu/control-bits";
import { FeatureControl, VmxMsr } from "../../vmx/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { type CpuState, Segment } from "../state";

/** Model-specific registers (SDM 4). */
export const Msr = {
  tsc: 0x10,
  tscAdjust: 0x3b,
  sysenterCs: 0x174,
  sysenterEsp: 0x175,
  sysenterEip: 0x176,
  debugctl: 0x1d9,
  pat: 0x277,
  efer: 0xc0000080,
  star: 0xc0000081,
  lstar: 0xc0000082,
  cstar: 0xc0000083,
  fmask: 0xc0000084,
  fsBase: 0xc0000100,
  gsBase: 0xc0000101,
  kernelGsBase: 0xc0000102,
  tscAux: 0xc0000103,
} as const;

interface MsrAccess {
  read(p: Processor): bigint;
  /** @throws GuestException #GP(0) for a value that the register does not take */
  write(p: Processor, value: bigint): void;
}

type Field = Parameters<CpuState["get64"]>[0];

const isCanonical = (value: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, value)) === value;

/** A register that is a field of the state; `valid` says which values it takes. */
const stored = (field: Field, valid: (value: bigint) => boolean = () => true, index = 0): MsrAccess => ({
  read: (p) => p.state.get64(field, index),
  write: (p, value) => {
    if (!valid(value)) {
      throw generalProtection();
    }
    p.state.set64(field, value, index);
  },
});

const isPat = (value: bigint): boolean => {
  for (let entry = 0n; entry < 8n; entry++) {
    const type = (value >> (entry * 8n)) & 0xffn;
    if (type > 7n || type === 2n || type === 3n) {
      return false;
    }
  }
  return true;
};

const efer: MsrAccess = {
  read: (p) => p.state.get64("efer"),
  write: (p, value) => {
    const old = p.state.get64("efer");
    const pagingOn = (p.state.get64("cr0") & (1n << 31n)) !== 0n;
    const changesMode = ((old ^ value) & BigInt(Efer.LME)) !== 0n;
    if ((value & ~BigInt(EFER_SUPPORTED)) !== 0n || (pagingOn && changesMode)) {
      throw generalProtection();
    }
    // LMA is the processor's own.
    p.state.set64("efer", (value & ~BigInt(Efer.LMA)) | (old & BigInt(Efer.LMA)));
    p.addressSpaceChanged();
  },
};

const featureControl: MsrAccess = {
  read: (p) => p.state.get64("featureControl"),
  write: (p, value) => {
    const locked = (p.state.get64("featureControl") & FeatureControl.lock) !== 0n;
    if (locked || (value & ~(FeatureControl.lock | FeatureControl.vmxOutsideSmx)) !== 0n) {
      throw generalProtection();
    }
    p.state.set64("featureControl", value);
  },
};

const timeStamp: MsrAccess = {
  read: (p) => p.timeStamp,
  write: (p, value) => {
    p.state.set64("tscAdjust", p.state.get64("tscAdjust") + value - p.timeStamp);
  },
};

const registers: ReadonlyMap<number, MsrAccess> = new Map([
  [Msr.tsc, timeStamp],
  [Msr.tscAdjust, stored("tscAdjust")],
  [VmxMsr.featureControl, featureControl],
  [Msr.sysenterCs, stored("sysenterCs")],
  [Msr.sysenterEsp, stored("sysenterEsp", isCanonical)],
  [Msr.sysenterEip, stored("sysenterEip", isCanonical)],
  [Msr.debugctl, stored("debugctl", (value) => value === 0n)],
  [Msr.pat, stored("pat", isPat)],
  [Msr.efer, efer],
  [Msr.star, stored("star")],
  [Msr.lstar, stored("lstar", isCanonical)],
  [Msr.cstar, stored("cstar", isCanonical)],
  [Msr.fmask, stored("fmask")],
  [Msr.fsBase, stored("segmentBase", isCanonical, Segment.fs)],
  [Msr.gsBase, stored("segmentBase", isCanonical, Segment.gs)],
  [Msr.kernelGsBase, stored("kernelGsBase", isCanonical)],
  [Msr.tscAux, stored("tscAux", (value) => value >> 32n === 0n)],
]);

/** Reads an MSR. @throws GuestException #GP(0) when the processor does not have it */
export function readMsr(p: Processor, index: number): bigint {
  const value = registers.get(index >>> 0)?.read(p) ?? p.vmx.readCapabilityMsr(index >>> 0);
  if (value === undefined) {
    throw generalProtection();
  }
  return value;
}

/** Writes an MSR. @throws GuestException #GP(0) when there is none, or it does not take the value */
export function writeMsr(p: Processor, index: number, value: bigint): void {
  const register = registers.get(index >>> 0);
  if (register === undefined) {
    throw generalProtection();
  }
  register.write(p, BigInt.asUintN(64, value));
}
