import { __hpa } from "../../address";
import type { MachineOptions } from "../../machine/index";
import { Cr0, Efer } from "../../mmu/control-bits";
import { BareMachine } from "../../testing/index";
import type { Processor } from "../processor";
import { setSegment } from "../segmentation/registers";
import { Rflags, Segment } from "../state";

/** A mode that code can run in. */
export type Mode = "64-bit" | "compatibility" | "protected" | "virtual-8086" | "real-address";

const TABLES = [0x1000n, 0x2000n, 0x3000n];
const USER = 4n;

const CODE = 0x9b;
const DATA = 0x93;
const LONG = 0x2000;
const BIG = 0x4000;
const GRANULAR = 0x8000;
const dataSegments = [Segment.es, Segment.ss, Segment.ds, Segment.fs, Segment.gs] as const;

function setSegments(p: Processor, code: number, data: number, limit: number, cpl: number): void {
  setSegment(p.state, Segment.cs, 0x10 | cpl, 0, limit, code | (cpl << 5));
  for (const segment of dataSegments) {
    setSegment(p.state, segment, 0x18 | cpl, 0, limit, data | (cpl << 5));
  }
  p.state.set32("cpl", cpl);
}

const FLAT = 0xffffffff;
const SMALL = 0xffff;

/** Sets the registers that a mode is made of. Segments begin at 0; outside long mode paging is off. */
const enter: Readonly<Record<Mode, (p: Processor, cpl: number) => void>> = {
  "64-bit": (p, cpl) => setSegments(p, CODE | LONG | GRANULAR, DATA | BIG | GRANULAR, FLAT, cpl),
  compatibility: (p, cpl) => setSegments(p, CODE | BIG | GRANULAR, DATA | BIG | GRANULAR, FLAT, cpl),
  protected: (p, cpl) => {
    leaveLongMode(p, Cr0.PE);
    setSegments(p, CODE | BIG | GRANULAR, DATA | BIG | GRANULAR, FLAT, cpl);
  },
  "virtual-8086": (p) => {
    leaveLongMode(p, Cr0.PE);
    p.state.set32("systemFlags", p.state.get32("systemFlags") | Rflags.VM);
    setSegments(p, DATA, DATA, SMALL, 3);
  },
  "real-address": (p) => {
    leaveLongMode(p, 0);
    setSegments(p, CODE, DATA, SMALL, 0);
  },
};

function leaveLongMode(p: Processor, protection: number): void {
  p.state.set64("cr0", BigInt(protection | Cr0.ET));
  p.state.set64("efer", p.state.get64("efer") & ~BigInt(Efer.LME | Efer.LMA));
}

/** Where tests in every mode put their code and data: 16-bit code reaches it. */
export const LOW_CODE = 0x8000n;
export const LOW_DATA = 0x9000n;
export const LOW_STACK = 0xf000n;

/** A machine whose first processor runs bytes in some mode, at LOW_CODE, linear addresses equal to physical ones. */
export class ModeMachine extends BareMachine {
  constructor(
    readonly mode: Mode,
    cpl = 0,
    options: Partial<MachineOptions> = {},
  ) {
    super(options);
    const { memory } = this.machine;
    for (const table of TABLES) {
      for (let at = 0n; at < 512n; at++) {
        const entry = memory.readU64(__hpa(table + at * 8n));
        memory.writeU64(__hpa(table + at * 8n), entry === 0n ? 0n : entry | USER);
      }
    }
    enter[mode](this.cpu, cpl);
    this.cpu.addressSpaceChanged();
  }

  override load(code: readonly number[] | Uint8Array): void {
    this.machine.memory.write(__hpa(LOW_CODE), Uint8Array.from(code));
    this.cpu.rip = LOW_CODE;
    this.cpu.gpr[4] = LOW_STACK;
  }

  /** Writes 8-byte words from LOW_DATA on. */
  put(...words: bigint[]): void {
    words.forEach((word, at) => {
      this.machine.memory.writeU64(__hpa(LOW_DATA + BigInt(at) * 8n), word);
    });
  }
}

/** Every mode, with the privilege levels that it has. */
export const modes: readonly (readonly [Mode, number])[] = [
  ["64-bit", 0],
  ["64-bit", 3],
  ["compatibility", 0],
  ["compatibility", 3],
  ["protected", 0],
  ["protected", 3],
  ["virtual-8086", 3],
  ["real-address", 0],
];

/** Sets bits of CR4, whether or not the processor would let software do so. */
export function withCr4(machine: ModeMachine, bits: number): ModeMachine {
  machine.cpu.state.set64("cr4", machine.cpu.state.get64("cr4") | BigInt(bits));
  machine.cpu.addressSpaceChanged();
  return machine;
}
