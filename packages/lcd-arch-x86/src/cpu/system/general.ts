import type { AccessSize } from "../../devices/bus";
import { Cr4 } from "../../mmu/index";
import { ExitReason } from "../../vmx/index";
import { invalidOpcode } from "../exception";
import type { Processor } from "../processor";
import { Gpr, Rflags } from "../state";
import { cpuid } from "./cpuid";
import { readMsr, writeMsr } from "./msr";
import { type Execute, next, type Operation } from "./operation";

const low32 = (p: Processor, register: number): number => Number(p.gpr[register] & 0xffffffffn);

/** EDX:EAX from a 64-bit value. */
function setPair(p: Processor, value: bigint): void {
  p.gpr[Gpr.rax] = BigInt.asUintN(32, value);
  p.gpr[Gpr.rdx] = BigInt.asUintN(64, value) >> 32n;
}

const setFlag = (flag: number, on: boolean): Execute =>
  next((p) => {
    const flags = p.state.get32("systemFlags");
    p.state.set32("systemFlags", on ? flags | flag : flags & ~flag);
  });

/** RFLAGS bits that POPF may change at CPL 0; RF is cleared. */
const POPF_BITS = Rflags.TF | Rflags.IF | Rflags.DF | Rflags.IOPL | Rflags.NT | Rflags.AC | Rflags.ID;
const ARITHMETIC = Rflags.CF | Rflags.PF | Rflags.AF | Rflags.ZF | Rflags.SF | Rflags.OF;

function popFlags(p: Processor, [size]: readonly number[]): void {
  const changed = BigInt((POPF_BITS | ARITHMETIC) & (size === 2 ? 0xffff : -1));
  const popped = p.state.get64("slowValue");
  p.rflags = (p.rflags & ~changed & ~BigInt(Rflags.RF)) | (popped & changed);
  p.gpr[Gpr.rsp] += BigInt(size);
  p.addressSpaceChanged();
}

/** IN and OUT: operands are direction (1: in), bytes, and the port, or -1 when it is in DX. */
const portAccess: Execute = (p, [input, size, immediate], length) => {
  const port = immediate < 0 ? Number(p.gpr[Gpr.rdx] & 0xffffn) : immediate;
  if (p.nonRoot && p.vmx.exits.instruction("io") !== null) {
    const direct = immediate < 0 ? 0 : 1 << 6;
    const qualification = BigInt((size - 1) | (input << 3) | direct) | (BigInt(port) << 16n);
    p.vmExit(ExitReason.ioInstruction, { qualification, instructionLength: length });
    return "vm-exit";
  }
  const { wiring } = p;
  if (input === 0) {
    wiring?.writePort(port, size as AccessSize, low32(p, Gpr.rax));
    return "next";
  }
  // Where no device is, nothing answers: ones are read.
  const value = BigInt.asUintN(size * 8, BigInt(wiring?.readPort(port, size as AccessSize) ?? -1));
  p.gpr[Gpr.rax] = size === 4 ? value : ((p.gpr[Gpr.rax] >> BigInt(size * 8)) << BigInt(size * 8)) | value;
  return "next";
};

/** CR4.TSD keeps RDTSC and RDTSCP to CPL 0. */
function requireTimeStamp(p: Processor): void {
  if ((p.state.low("cr4") & Cr4.TSD) !== 0) {
    p.requireCpl0();
  }
}

const identify = next((p) => {
  const result = cpuid(low32(p, Gpr.rax), low32(p, Gpr.rcx), p.index);
  p.gpr[Gpr.rax] = BigInt(result.eax >>> 0);
  p.gpr[Gpr.rbx] = BigInt(result.ebx >>> 0);
  p.gpr[Gpr.rcx] = BigInt(result.ecx >>> 0);
  p.gpr[Gpr.rdx] = BigInt(result.edx >>> 0);
});

const readTimeStamp = next((p) => {
  requireTimeStamp(p);
  setPair(p, p.timeStamp);
});

const readTimeStampAndProcessor = next((p) => {
  if (p.nonRoot && p.vmx.exits.rdtscpUndefined()) {
    throw invalidOpcode();
  }
  requireTimeStamp(p);
  setPair(p, p.timeStamp);
  p.gpr[Gpr.rcx] = BigInt.asUintN(32, p.state.get64("tscAux"));
});

const writeMsrFromPair = next((p) =>
  writeMsr(p, low32(p, Gpr.rcx), (p.gpr[Gpr.rdx] << 32n) | BigInt.asUintN(32, p.gpr[Gpr.rax])),
);

/** Caches are not emulated: writing them back or dropping them changes nothing. */
const nothing = next(() => {});

/** Identification, time, MSRs, flags, ports, caches. */
export const generalOperations: Readonly<Record<string, Operation>> = {
  cpuid: { execute: identify, unprivileged: true, exits: "cpuid" },
  rdtsc: { execute: readTimeStamp, unprivileged: true, exits: "rdtsc" },
  rdtscp: { execute: readTimeStampAndProcessor, unprivileged: true, exits: "rdtscp" },
  rdmsr: { execute: next((p) => setPair(p, readMsr(p, low32(p, Gpr.rcx)))), exits: "rdmsr" },
  wrmsr: { execute: writeMsrFromPair, exits: "wrmsr" },
  hlt: { execute: () => "halted", exits: "hlt" },
  cli: { execute: setFlag(Rflags.IF, false) },
  sti: { execute: setFlag(Rflags.IF, true) },
  popFlags: { execute: next(popFlags), unprivileged: true },
  in: { execute: portAccess },
  out: { execute: portAccess },
  invlpg: { execute: next((p) => p.tlb.flushPage(p.state.low("slowAddress"))), exits: "invlpg" },
  wbinvd: { execute: nothing, exits: "wbinvd" },
  invd: { execute: nothing, exits: "invd" },
};
