import { __hpa } from "../../address";
import type { MachineOptions, RunStop } from "../../machine/index";
import { BareMachine, CODE } from "../../testing/index";
import { Segment } from "../state";

/** Page directory of a BareMachine: entries of 2 MiB. */
const TABLES = 0x1000n;
const USER_PAGE = 4n;

const GDT = 0x8000n;
const IDT = 0x9000n;
export const TSS = 0xa000n;
export const LDT = 0xb000n;

/** Selectors, in the order that SYSCALL and SYSRET want (IA32_STAR 0x0013_0010: 0x13 + 8, 0x13 + 16). */
export const Selector = {
  kernelCode: 0x10,
  kernelData: 0x18,
  userData: 0x23,
  userCode: 0x2b,
  userCode32: 0x33,
  task: 0x40,
  conforming: 0x50,
  absent: 0x58,
  kernelCode32: 0x60,
  callGate: 0x70,
} as const;

/** Handlers are at HANDLERS + vector * 16, stacks end at these. */
export const HANDLERS = 0x14_0000n;
export const RSP0 = 0x18_0000n;
export const IST1 = 0x19_0000n;
export const USER_STACK = 0x1a_0000n;
export const USER_CODE = 0x15_0000n;

const HLT = 0xf4;

/** What a gate is but for its handler. */
export interface GateOptions {
  dpl?: number;
  /** 14: interrupt gate, 15: trap gate. */
  type?: number;
  ist?: number;
  selector?: number;
  present?: boolean;
  offset?: bigint;
}

/** Where `LongModeSystem.mapAround4GiB` puts the page below 4 GiB, and what is above. */
export const BELOW_4_GIB = 0x30_0000n;
export const ABOVE_4_GIB = 0x20_0000n;

/** A 64-bit system of a few pages: GDT, IDT and TSS, CPL 0 and CPL 3 code. Handlers halt. All memory is open to CPL 3. */
export class LongModeSystem extends BareMachine {
  constructor(options: Partial<MachineOptions> = {}) {
    super(options);
    const { memory } = this.machine;
    for (const table of [0n, 0x1000n]) {
      memory.writeU64(__hpa(TABLES + table), memory.readU64(__hpa(TABLES + table)) | USER_PAGE);
    }
    for (let entry = 0n; entry < 2n; entry++) {
      const at = __hpa(TABLES + 0x2000n + entry * 8n);
      memory.writeU64(at, memory.readU64(at) | USER_PAGE);
    }
    const { cpu } = this;
    cpu.deliversExceptions = true;
    cpu.state.set64("gdtrBase", GDT);
    cpu.state.set32("gdtrLimit", 0xff);
    cpu.state.set64("idtrBase", IDT);
    cpu.state.set32("idtrLimit", 0xfff);
    cpu.state.set64("segmentBase", TSS, Segment.tr);
    this.describe(Selector.kernelCode, 0x00af_9b00_0000_ffffn);
    this.describe(Selector.kernelData, 0x00cf_9300_0000_ffffn);
    this.describe(Selector.userData, 0x00cf_f300_0000_ffffn);
    this.describe(Selector.userCode, 0x00af_fb00_0000_ffffn);
    this.describe(Selector.userCode32, 0x00cf_fb00_0000_ffffn);
    this.describe(Selector.conforming, 0x00af_9f00_0000_ffffn);
    this.describe(Selector.absent, 0x00af_1b00_0000_ffffn);
    this.describe(Selector.kernelCode32, 0x00cf_9b00_0000_ffffn);
    memory.writeU64(__hpa(TSS + 4n), RSP0);
    memory.writeU64(__hpa(TSS + 36n), IST1);
    for (let vector = 0; vector < 256; vector++) {
      this.gate(vector);
      this.handle(vector, [HLT]);
    }
    cpu.writeControlRegister(3, TABLES);
  }

  /** Makes linear FFFFF000H the page at BELOW_4_GIB, and 2 MiB from 1_00000000H on those at ABOVE_4_GIB. */
  mapAround4GiB(): void {
    const { memory } = this.machine;
    // A PDPTE, PDE and PTE for the one, a PDPTE and the PDE of a large page for the other.
    memory.writeU64(__hpa(0x2018), 0x4007n);
    memory.writeU64(__hpa(0x4ff8), 0x5007n);
    memory.writeU64(__hpa(0x5ff8), BELOW_4_GIB | 7n);
    memory.writeU64(__hpa(0x2020), 0x6007n);
    memory.writeU64(__hpa(0x6000), ABOVE_4_GIB | 0x87n);
  }

  describe(selector: number, descriptor: bigint): void {
    this.machine.memory.writeU64(__hpa(GDT + BigInt(selector & ~7)), descriptor);
  }

  /** Writes a gate of the IDT (SDM 3A, figure "64-Bit IDT Gate Descriptors"). */
  gate(vector: number, options: GateOptions = {}): void {
    const { dpl = 0, type = 14, ist = 0, selector = Selector.kernelCode, present = true } = options;
    const { offset = HANDLERS + BigInt(vector) * 16n } = options;
    const at = IDT + BigInt(vector) * 16n;
    const flags = BigInt(ist | (type << 8) | (dpl << 13) | (present ? 1 << 15 : 0));
    const low = (offset & 0xffffn) | (BigInt(selector) << 16n) | (flags << 32n) | ((offset & 0xffff0000n) << 32n);
    this.machine.memory.writeU64(__hpa(at), BigInt.asUintN(64, low));
    this.machine.memory.writeU64(__hpa(at + 8n), offset >> 32n);
  }

  /** Puts code where a vector's gate leads, at most 16 bytes. */
  handle(vector: number, code: readonly number[]): void {
    this.machine.memory.write(__hpa(HANDLERS + BigInt(vector) * 16n), Uint8Array.from(code));
  }

  /** Runs code at CPL 3, in 64-bit mode unless `selector` names a 32-bit segment. */
  runUser(code: readonly number[], selector: number = Selector.userCode): RunStop {
    const { cpu } = this;
    this.machine.memory.write(__hpa(USER_CODE), Uint8Array.from(code));
    const rights = selector === Selector.userCode32 ? 0xc0fb : 0xa0fb;
    cpu.state.set32("segmentSelector", selector, Segment.cs);
    cpu.state.set32("segmentRights", rights, Segment.cs);
    cpu.state.set32("segmentSelector", Selector.userData, Segment.ss);
    cpu.state.set32("segmentRights", 0xc0f3, Segment.ss);
    cpu.state.set32("cpl", 3);
    cpu.addressSpaceChanged();
    cpu.gpr[4] = USER_STACK;
    cpu.rip = USER_CODE;
    return cpu.run(10_000);
  }

  /** The vector in whose handler the processor has halted. */
  get halted(): number {
    return Number((this.cpu.rip - HANDLERS) >> 4n);
  }

  /** Quadword `index` from the stack pointer. */
  stacked(index: number): bigint {
    return this.machine.memory.readU64(__hpa(this.cpu.gpr[4] + BigInt(index * 8)));
  }

  selector(segment: number): number {
    return this.cpu.state.get32("segmentSelector", segment);
  }
}

export { CODE };
