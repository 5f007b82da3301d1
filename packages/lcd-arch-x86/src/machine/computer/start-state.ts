import type { Processor } from "../../cpu/processor";
import { setSegment } from "../../cpu/segmentation/registers";
import { Gpr, Rflags, Segment } from "../../cpu/state";
import { cpuid } from "../../cpu/system/cpuid";
import { Cr0 } from "../../mmu/control-bits";
import { Rights } from "../../vmx/segments";
import { MULTIBOOT_BOOT_MAGIC, type MultibootEntry } from "../multiboot/index";

const dataSegments = [Segment.es, Segment.ss, Segment.ds, Segment.fs, Segment.gs] as const;

/** Access rights in VMX format: present segments of real mode, as INIT leaves them. */
const RealMode = { code: 0x9b, data: 0x93, ldt: 0x82, tss: 0x8b, limit: 0xffff } as const;
/** Flat 32-bit segments of CPL 0: 4 GiB, present, accessed. */
const Flat = { code: 0xc09b, data: 0xc093, limit: 0xffffffff } as const;

const DR6_INIT = 0xffff0ff0n;
const DR7_INIT = 0x400n;

/**
 * Brings a processor into the state after INIT (SDM 3A, table "IA-32 and Intel 64 Processor States Following Power-up,
 * Reset, or INIT"); x87, SSE, MSRs and the time-stamp counter stay.
 */
export function setInitState(p: Processor): void {
  const { state } = p;
  state.gpr.fill(0n);
  state.gpr[Gpr.rdx] = BigInt(cpuid(1, 0).eax);
  state.set64("cr0", (state.get64("cr0") & BigInt.asUintN(32, BigInt(Cr0.CD | Cr0.NW))) | BigInt(Cr0.ET));
  for (const register of ["cr2", "cr3", "cr4", "efer", "gdtrBase", "idtrBase"] as const) state.set64(register, 0n);
  for (const register of [0, 1, 2, 3]) state.set64("dr", 0n, register);
  state.set64("dr", DR6_INIT, 6);
  state.set64("dr", DR7_INIT, 7);
  state.set32("gdtrLimit", RealMode.limit);
  state.set32("idtrLimit", RealMode.limit);
  state.set32("cpl", 0);
  setSegment(state, Segment.cs, 0xf000, 0xffff0000, RealMode.limit, RealMode.code);
  for (const segment of dataSegments) setSegment(state, segment, 0, 0, RealMode.limit, RealMode.data);
  setSegment(state, Segment.ldtr, 0, 0, RealMode.limit, RealMode.ldt);
  setSegment(state, Segment.tr, 0, 0, RealMode.limit, RealMode.tss);
  p.rip = 0xfff0n;
  p.rflags = BigInt(Rflags.fixed);
  p.interruptibility = 0;
  p.injected = null;
  p.pendingDebug = 0n;
  p.tlb.flushPcids("all");
  p.addressSpaceChanged();
}

/** Where a start-up IPI lets a processor begin: in real mode, at the page of that number (SDM 3A, "MP Initialization Protocol"). */
export function setStartupState(p: Processor, vector: number): void {
  setSegment(p.state, Segment.cs, vector << 8, vector << 12, RealMode.limit, RealMode.code);
  p.rip = 0n;
  p.addressSpaceChanged();
}

/**
 * Lets a processor enter a kernel that `loadMultiboot` has loaded: 32-bit protected mode, flat segments, paging and
 * interrupts off (Multiboot Specification 0.6.96, 3.2).
 */
export function setMultibootState(p: Processor, { entry, information }: MultibootEntry): void {
  const { state } = p;
  setInitState(p);
  state.gpr.fill(0n);
  state.gpr[Gpr.rax] = BigInt(MULTIBOOT_BOOT_MAGIC);
  state.gpr[Gpr.rbx] = BigInt(information);
  state.set64("cr0", BigInt(Cr0.PE | Cr0.ET));
  // The specification leaves selectors and the GDTR open: kernels load their own.
  setSegment(state, Segment.cs, 0x08, 0, Flat.limit, Flat.code);
  for (const segment of dataSegments) setSegment(state, segment, 0x10, 0, Flat.limit, Flat.data);
  setSegment(state, Segment.ldtr, 0, 0, 0, Rights.unusable);
  p.rip = BigInt(entry);
  p.addressSpaceChanged();
}
