import type { Random } from "../differential/random";
import { __hpa } from "../src/address";
import { GuestException } from "../src/cpu/exception";
import type { Processor } from "../src/cpu/processor";
import { Segment } from "../src/cpu/state";
import type { Machine } from "../src/machine/machine";
import { Cr0, Cr4, Efer } from "../src/mmu/control-bits";
import { Rights } from "../src/vmx/segments";
import type { Guest } from "./guest";
import { PAGE, Place, Selector } from "./layout";
import type { Mode } from "./modes";

const FIXED_FLAGS = 2;
const INTERRUPT = 0x200;
const IOPL = 0x3000;
const VM86 = 0x2_0000;
/** Flags that a guest may start with: arithmetic, TF, DF, NT, RF, AC, ID. */
const START_FLAGS = 0x25_4dd5;

const FLAT = 0xffff_ffff;

const Msr = { IA32_APIC_BASE: 0x1b, IA32_X2APIC_ICR: 0x830 } as const;
/** IA32_APIC_BASE.EXTD. */
const X2APIC = 1n << 10n;

/** Puts a guest into a machine, its first processor ready to run it. */
export function startGuest(machine: Machine, guest: Guest): void {
  machine.memory.write(__hpa(0n), guest.memory);
  const [cpu] = machine.processors;
  // The same numbers for every machine that starts this guest.
  const random = guest.random.copy();
  cpu.deliversExceptions = true;
  const { protection, virtual8086, hypervisor } = guest.mode;
  const user = virtual8086 || (protection && !hypervisor && random.chance(35));
  setControl(cpu, guest.mode, random);
  setSegments(cpu, guest.mode, user, random);
  setRegisters(cpu, guest.mode, random);
  cpu.addressSpaceChanged();
}

/** INIT and start-up IPI to all others: they begin in real mode with the guest's code. */
const startUp = [0xc4500n, BigInt(0xc4600 | (Place.code / PAGE))];

/** Starts the other processors of a computer. */
export function startOthers(machine: Machine): void {
  const apic = machine.processors[0].localApic;
  const base = apic?.readMsr(Msr.IA32_APIC_BASE);
  if (!apic || base === undefined) {
    throw new Error("a computer's processors have a local APIC");
  }
  apic.writeMsr(Msr.IA32_APIC_BASE, base | X2APIC);
  for (const command of startUp) {
    apic.writeMsr(Msr.IA32_X2APIC_ICR, command);
  }
}

function setControl(cpu: Processor, mode: Mode, random: Random): void {
  const { state } = cpu;
  const paging = mode.protection && (mode.long || random.chance(70));
  const pae = mode.long || random.chance(40);
  const some = (bit: number, percent: number): number => (random.chance(percent) ? bit : 0);
  const cr0 =
    (mode.protection ? Cr0.PE : 0) |
    Cr0.ET |
    (paging ? Cr0.PG : 0) |
    some(Cr0.WP, 50) |
    some(Cr0.NE, mode.hypervisor ? 100 : 70) |
    some(Cr0.AM, 30) |
    some(Cr0.MP, 50) |
    some(Cr0.TS, 10) |
    some(Cr0.EM, 5);
  const cr4 =
    (pae ? Cr4.PAE : 0) |
    some(Cr4.OSFXSR | Cr4.OSXMMEXCPT, 80) |
    some(Cr4.OSXSAVE, 50) |
    some(Cr4.PSE | Cr4.PGE, 50) |
    some(Cr4.DE, 30) |
    some(Cr4.VME, 30) |
    some(Cr4.PVI, 30) |
    some(Cr4.TSD, 20) |
    some(Cr4.PCE, 50) |
    some(Cr4.UMIP, 20) |
    some(Cr4.FSGSBASE, 50) |
    some(Cr4.VMXE, mode.hypervisor ? 100 : 40) |
    some(Cr4.SMEP, 5) |
    some(Cr4.SMAP, 10);
  const efer = Efer.NXE | (mode.long ? Efer.SCE | Efer.LME | Efer.LMA : some(Efer.SCE, 50));
  state.set64("efer", BigInt(efer));
  state.set64("cr4", BigInt(cr4));
  state.set64("cr0", BigInt(cr0 >>> 0));
  state.set64("featureControl", random.chance(mode.hypervisor ? 100 : 70) ? 5n : 0n);
  state.set64("lstar", BigInt(Place.handlers));
  state.set64("star", BigInt(Selector.code32 | (Selector.code16 << 16)) << 32n);
  state.set64("sysenterCs", BigInt(Selector.code32));
  state.set64("sysenterEip", BigInt(Place.handlers));
  state.set64("sysenterEsp", BigInt(Place.stackTop));
  const root = mode.long ? Place.pml4 : pae ? Place.paePdpt : Place.directory32;
  try {
    cpu.writeControlRegister(3, BigInt(root));
  } catch (error) {
    // Damaged page-directory pointers: the guest starts without them.
    if (!(error instanceof GuestException)) {
      throw error;
    }
  }
}

const CODE = 0x9b;
const DATA = 0x93;
const USER = 0x60;

function setSegments(cpu: Processor, mode: Mode, user: boolean, random: Random): void {
  const { state } = cpu;
  const set = (register: number, selector: number, base: number, limit: number, rights: number): void => {
    state.set32("segmentSelector", selector, register);
    state.set64("segmentBase", BigInt(base), register);
    state.set32("segmentLimit", limit, register);
    state.set32("segmentRights", rights, register);
  };
  state.set32("cpl", user ? 3 : 0);
  state.set64("gdtrBase", BigInt(Place.gdt));
  state.set32("gdtrLimit", random.chance(90) ? 0x1ff : random.u32() & 0xffff);
  state.set64("idtrBase", BigInt(mode.protection ? Place.idt : Place.vectors));
  state.set32("idtrLimit", random.chance(90) ? 0xfff : random.u32() & 0xffff);
  set(Segment.tr, Selector.tss, Place.tss, 0x3ff, 0x8b);
  set(Segment.ldtr, Selector.ldt, Place.ldt, 0x1ff, 0x82);
  const wide = mode.bits === 16 ? 0 : Rights.big;
  if (!mode.protection || mode.virtual8086) {
    const rights = mode.virtual8086 ? DATA | USER : DATA;
    for (const register of dataRegisters) {
      set(register, 0, 0, 0xffff, rights);
    }
    set(Segment.cs, 0, 0, 0xffff, mode.virtual8086 ? rights : CODE);
    return;
  }
  const level = user ? USER : 0;
  const size = mode.bits === 64 ? Rights.long : wide;
  set(Segment.cs, codeSelector(mode, user), 0, FLAT, CODE | level | size | Rights.granular);
  for (const register of dataRegisters) {
    set(register, user ? Selector.userData : Selector.data, 0, FLAT, DATA | level | wide | Rights.granular);
  }
}

const dataRegisters = [Segment.es, Segment.ss, Segment.ds, Segment.fs, Segment.gs];

function codeSelector({ bits }: Mode, user: boolean): number {
  if (bits === 64) {
    return user ? Selector.userCode64 : Selector.code64;
  }
  return bits === 32 ? (user ? Selector.userCode32 : Selector.code32) : Selector.code16 | (user ? 3 : 0);
}

const RSP = 4;
/** Registers that `guestCode` takes for pointers: RBX, RBP, RSI, RDI. */
const pointers = [3, 5, 6, 7];

function setRegisters(cpu: Processor, mode: Mode, random: Random): void {
  for (let i = 0; i < 16; i++) {
    const low = random.chance(50) ? random.below(32) : random.u32();
    const high = mode.bits === 64 && random.chance(30) ? random.u32() : 0;
    cpu.gpr[i] = (BigInt(high) << 32n) | BigInt(low);
  }
  for (const register of pointers) {
    cpu.gpr[register] = BigInt(Place.data + random.below(Place.dataSize / 16) * 8);
  }
  cpu.gpr[RSP] = BigInt(Place.stackTop);
  const level = random.chance(50) ? IOPL : 0;
  const trap = random.chance(95) ? START_FLAGS & ~0x4100 : START_FLAGS;
  const flags = (random.u32() & trap) | FIXED_FLAGS | level | (random.chance(50) ? INTERRUPT : 0);
  cpu.rflags = BigInt(flags | (mode.virtual8086 ? VM86 : 0));
  cpu.rip = BigInt(Place.code);
}
