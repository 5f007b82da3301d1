import { EFER_SUPPORTED, Efer } from "../../mmu/control-bits";
import { isCanonical } from "../../mmu/index";
import { FeatureControl, VmxMsr } from "../../vmx/index";
import { generalProtection } from "../exception";
import type { LocalApicPort } from "../local-apic-port";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { constant, fixed, type MsrRegister, type MsrRegisters, stored } from "./msr-register";
import { mtrrs } from "./mtrr";

/** Model-specific registers (SDM 4). */
export const Msr = {
  machineCheckAddress: 0x0,
  machineCheckType: 0x1,
  tsc: 0x10,
  platformId: 0x17,
  apicBase: 0x1b,
  tscAdjust: 0x3b,
  biosSignature: 0x8b,
  archCapabilities: 0x10a,
  sysenterCs: 0x174,
  sysenterEsp: 0x175,
  sysenterEip: 0x176,
  machineCheckCapability: 0x179,
  machineCheckStatus: 0x17a,
  miscEnable: 0x1a0,
  debugctl: 0x1d9,
  pat: 0x277,
  tscDeadline: 0x6e0,
  /** The first of 256. */
  x2apic: 0x800,
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

/** IA32_MISC_ENABLE: fast strings, MONITOR; there are no branch trace store and no PEBS. */
export const MiscEnable = { fastStrings: 1n << 0n, noBts: 1n << 11n, noPebs: 1n << 12n, monitor: 1n << 18n } as const;

const MISC_ENABLE_WRITABLE = MiscEnable.fastStrings | MiscEnable.monitor;
/** IA32_MISC_ENABLE after reset. */
export const MISC_ENABLE_RESET = MiscEnable.fastStrings | MiscEnable.noBts | MiscEnable.noPebs | MiscEnable.monitor;

const isMiscEnable = (value: bigint): boolean => ((value ^ MISC_ENABLE_RESET) & ~MISC_ENABLE_WRITABLE) === 0n;

/**
 * IA32_ARCH_CAPABILITIES: nothing is executed speculatively, so the processor has none of the weaknesses that come of it:
 * RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO.
 */
const ARCH_CAPABILITIES = (1n << 0n) | (1n << 3n) | (1n << 4n) | (1n << 5n) | (1n << 6n) | (1n << 8n);

/** Revision of the microcode, in the upper half. Updates cannot be loaded. */
const BIOS_SIGNATURE = 1n << 32n;

/** Page attributes: each byte is one of the memory types 0, 1 and 4 to 7. */
const isPat = (value: bigint): boolean => {
  for (let entry = 0n; entry < 8n; entry++) {
    const type = (value >> (entry * 8n)) & 0xffn;
    if (type > 7n || type === 2n || type === 3n) {
      return false;
    }
  }
  return true;
};

const efer: MsrRegister = {
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

const featureControl: MsrRegister = {
  read: (p) => p.state.get64("featureControl"),
  write: (p, value) => {
    const locked = (p.state.get64("featureControl") & FeatureControl.lock) !== 0n;
    if (locked || (value & ~(FeatureControl.lock | FeatureControl.vmxOutsideSmx)) !== 0n) {
      throw generalProtection();
    }
    p.state.set64("featureControl", value);
  },
};

const timeStamp: MsrRegister = {
  read: (p) => p.timeStamp,
  write: (p, value) => {
    p.state.set64("tscAdjust", p.state.get64("tscAdjust") + value - p.timeStamp);
    p.localApic?.tscChanged();
  },
};

const tscAdjust: MsrRegister = {
  read: (p) => p.state.get64("tscAdjust"),
  write: (p, value) => {
    p.state.set64("tscAdjust", value);
    p.localApic?.tscChanged();
  },
};

/** A software loader clears it and executes CPUID to read the revision; what it writes is not kept. */
const biosSignature: MsrRegister = { read: () => BIOS_SIGNATURE, write: () => {} };

/** The base of FS or GS: what translations assume of the segment follows it. */
const segmentBase = (segment: number): MsrRegister => {
  const register = stored("segmentBase", isCanonical, segment);
  return {
    read: register.read,
    write: (p, value) => {
      register.write(p, value);
      p.addressSpaceChanged();
    },
  };
};

function apicOf({ localApic }: Processor): LocalApicPort {
  if (localApic === null) {
    throw generalProtection();
  }
  return localApic;
}

/** A register of the local APIC. */
const apic = (index: number): MsrRegister => ({
  read: (p) => apicOf(p).readMsr(index),
  write: (p, value) => apicOf(p).writeMsr(index, value),
});

const X2APIC_REGISTERS = 256;

const own: MsrRegisters = [
  [Msr.machineCheckAddress, fixed(0n)],
  [Msr.machineCheckType, fixed(0n)],
  [Msr.tsc, timeStamp],
  [Msr.platformId, constant(0n)],
  [Msr.tscAdjust, tscAdjust],
  [VmxMsr.featureControl, featureControl],
  [Msr.biosSignature, biosSignature],
  [Msr.archCapabilities, constant(ARCH_CAPABILITIES)],
  [Msr.sysenterCs, stored("sysenterCs")],
  [Msr.sysenterEsp, stored("sysenterEsp", isCanonical)],
  [Msr.sysenterEip, stored("sysenterEip", isCanonical)],
  // There are no machine-check banks.
  [Msr.machineCheckCapability, constant(0n)],
  [Msr.machineCheckStatus, fixed(0n)],
  [Msr.miscEnable, stored("miscEnable", isMiscEnable)],
  [Msr.debugctl, stored("debugctl", (value) => value === 0n)],
  [Msr.pat, stored("pat", isPat)],
  [Msr.efer, efer],
  [Msr.star, stored("star")],
  [Msr.lstar, stored("lstar", isCanonical)],
  [Msr.cstar, stored("cstar", isCanonical)],
  [Msr.fmask, stored("fmask", (value) => value >> 32n === 0n)],
  [Msr.fsBase, segmentBase(Segment.fs)],
  [Msr.gsBase, segmentBase(Segment.gs)],
  [Msr.kernelGsBase, stored("kernelGsBase", isCanonical)],
  [Msr.tscAux, stored("tscAux", (value) => value >> 32n === 0n)],
];

const ofApic: MsrRegisters = [
  Msr.apicBase,
  Msr.tscDeadline,
  ...Array.from({ length: X2APIC_REGISTERS }, (_, register) => Msr.x2apic + register),
].map((index) => [index, apic(index)]);

const registers: ReadonlyMap<number, MsrRegister> = new Map([...own, ...mtrrs, ...ofApic]);

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
