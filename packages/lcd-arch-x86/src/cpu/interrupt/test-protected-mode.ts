import { __hpa } from "../../address";
import type { RunStop } from "../../machine/index";
import { BareMachine, CODE } from "../../testing/index";
import { setSegment } from "../segmentation/registers";
import { Segment } from "../state";

const GDT = 0x8000;
const IDT = 0x9000;
export const LDT = 0xb000;
/** Task-state segments: the one that is current at first, and three more. */
export const TSS = 0xa000;
export const OTHER_TSS = 0xa200;
export const TSS_16 = 0xa400;

/** Selectors of the GDT. */
export const Selector = {
  code: 0x08,
  data: 0x10,
  userCode: 0x1b,
  userData: 0x23,
  code1: 0x29,
  data1: 0x31,
  conforming: 0x38,
  /** 16-bit code and stack at 0x10_0000 and 0x20_0000, of 64 KiB. */
  code16: 0x40,
  stack16: 0x48,
  task: 0x50,
  otherTask: 0x58,
  task16: 0x60,
  gate: 0x68,
  ldt: 0x70,
  absent: 0x78,
  small: 0x80,
  readOnly: 0x88,
  taskGate: 0x90,
} as const;

export const HANDLERS = 0x14_0000;
export const USER_CODE = 0x15_0000;
export const STACK_0 = 0x18_0000;
export const STACK_1 = 0x19_0000;
export const USER_STACK = 0x1a_0000;

const HLT = 0xf4;
const FLAT = 0xffffffff;

/** What a gate is but for its handler. */
export interface GateOptions {
  selector?: number;
  offset?: number;
  /** 5: task gate, 6, 7: 16-bit interrupt and trap gate, 12: call gate, 14, 15: 32-bit interrupt and trap gate. */
  type?: number;
  dpl?: number;
  present?: boolean;
  parameters?: number;
}

/** A 32-bit system in protected mode without paging: GDT, IDT and TSS, CPL 0, 1 and 3 code. Handlers halt. */
export class ProtectedModeSystem extends BareMachine {
  constructor() {
    super();
    const { cpu } = this;
    const { state } = cpu;
    cpu.deliversExceptions = true;
    state.set64("cr0", 0x11n);
    state.set64("cr4", 0n);
    state.set64("efer", 0n);
    state.set64("gdtrBase", BigInt(GDT));
    state.set32("gdtrLimit", 0x97);
    state.set64("idtrBase", BigInt(IDT));
    state.set32("idtrLimit", 0x7ff);
    setSegment(state, Segment.cs, Selector.code, 0, FLAT, 0xc09b);
    setSegment(state, Segment.ss, Selector.data, 0, FLAT, 0xc093);
    for (const segment of [Segment.ds, Segment.es, Segment.fs, Segment.gs]) {
      setSegment(state, segment, Selector.data, 0, FLAT, 0xc093);
    }
    setSegment(state, Segment.tr, Selector.task, TSS, 0x67, 0x8b);
    this.describe(Selector.code, 0x00cf_9a00_0000_ffffn);
    this.describe(Selector.data, 0x00cf_9200_0000_ffffn);
    this.describe(Selector.userCode, 0x00cf_fa00_0000_ffffn);
    this.describe(Selector.userData, 0x00cf_f200_0000_ffffn);
    this.describe(Selector.code1, 0x00cf_ba00_0000_ffffn);
    this.describe(Selector.data1, 0x00cf_b200_0000_ffffn);
    this.describe(Selector.conforming, 0x00cf_9e00_0000_ffffn);
    this.describe(Selector.code16, 0x0000_9a10_0000_ffffn);
    this.describe(Selector.stack16, 0x0000_9220_0000_ffffn);
    this.describe(Selector.task, 0x0000_8b00_a000_0067n);
    this.describe(Selector.otherTask, 0x0000_8900_a200_0067n);
    this.describe(Selector.task16, 0x0000_8100_a400_002bn);
    this.describe(Selector.ldt, 0x0000_8200_b000_001fn);
    this.describe(Selector.absent, 0x00cf_1200_0000_ffffn);
    this.describe(Selector.small, 0x0040_9200_0000_0fffn);
    this.describe(Selector.readOnly, 0x00cf_9000_0000_ffffn);
    this.write32(TSS + 4, STACK_0);
    this.write32(TSS + 8, Selector.data);
    this.write32(TSS + 12, STACK_1);
    this.write32(TSS + 16, Selector.data1);
    for (let vector = 0; vector < 256; vector++) {
      this.gate(vector);
      this.handle(vector, [HLT]);
    }
    cpu.tlb.flushPcids("all");
    cpu.addressSpaceChanged();
  }

  write16(at: number, value: number): void {
    this.machine.memory.write(__hpa(at), Uint8Array.of(value & 0xff, (value >> 8) & 0xff));
  }

  write32(at: number, value: number): void {
    this.machine.memory.writeU32(__hpa(at), value >>> 0);
  }

  read16(at: number): number {
    return this.read32(at) & 0xffff;
  }

  read32(at: number): number {
    return this.machine.memory.readU32(__hpa(at));
  }

  /** Writes a descriptor of the GDT. */
  describe(selector: number, descriptor: bigint): void {
    this.machine.memory.writeU64(__hpa(GDT + (selector & ~7)), descriptor);
  }

  /** Byte 5 of a descriptor of the GDT: type, S, DPL and P. */
  accessByte(selector: number): number {
    return this.machine.memory.readU8(__hpa(GDT + (selector & ~7) + 5));
  }

  /** Writes a gate of the IDT. */
  gate(vector: number, options: GateOptions = {}): void {
    const gate = gateOf({ offset: HANDLERS + vector * 16, ...options });
    this.machine.memory.writeU64(__hpa(IDT + vector * 8), gate);
  }

  handle(vector: number, code: readonly number[]): void {
    this.machine.memory.write(__hpa(HANDLERS + vector * 16), Uint8Array.from(code));
  }

  /** Runs code at a privilege level from 1 to 3, on a stack of its own. */
  runAt(cpl: 1 | 3, code: readonly number[]): RunStop {
    const { cpu } = this;
    const { state } = cpu;
    this.machine.memory.write(__hpa(USER_CODE), Uint8Array.from(code));
    const [cs, ss] = cpl === 3 ? [Selector.userCode, Selector.userData] : [Selector.code1, Selector.data1];
    setSegment(state, Segment.cs, cs, 0, FLAT, 0xc09b | (cpl << 5));
    setSegment(state, Segment.ss, ss, 0, FLAT, 0xc093 | (cpl << 5));
    for (const segment of [Segment.ds, Segment.es, Segment.fs, Segment.gs]) {
      setSegment(state, segment, Selector.userData, 0, FLAT, 0xc0f3);
    }
    state.set32("cpl", cpl);
    cpu.addressSpaceChanged();
    cpu.gpr[4] = BigInt(USER_STACK);
    cpu.rip = BigInt(USER_CODE);
    return cpu.run(10_000);
  }

  get halted(): number {
    return (Number(this.cpu.rip) - HANDLERS) >> 4;
  }

  get esp(): number {
    return this.cpu.state.low("gpr", 4);
  }

  /** Doubleword `index` from the stack pointer. */
  stacked(index: number): number {
    return this.read32(this.esp + index * 4);
  }

  selector(segment: number): number {
    return this.cpu.state.get32("segmentSelector", segment);
  }
}

/** A gate of 8 bytes (SDM 3A, "Call Gates", "IDT Descriptors"). */
export function gateOf(options: GateOptions): bigint {
  const { selector = Selector.code, offset = 0, type = 14, dpl = 0, present = true, parameters = 0 } = options;
  const flags = parameters | (type << 8) | (dpl << 13) | (present ? 1 << 15 : 0);
  const low = BigInt((offset & 0xffff) | 0) | (BigInt(selector) << 16n);
  const high = BigInt(flags) | (BigInt(offset >>> 16) << 16n);
  return low | (high << 32n);
}

export { CODE };
