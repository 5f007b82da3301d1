import { __hpa } from "../src/address";
import type { Processor } from "../src/cpu/processor";
import type { Machine } from "../src/machine/machine";
import type { Guest } from "./guest";
import { Place } from "./layout";

/** How a guest came to its end; "ended" is by itself: a reset, power off, or the debug exit device. */
export type End = "halted" | "limit" | "shutdown" | "ended";

/** What became of a guest. */
export interface Outcome {
  readonly end: End;
  readonly instructions: number;
  /** Exceptions and interrupts that reached a handler. */
  readonly events: number;
  readonly vmExits: number;
  /** All that has to be the same however its code was run. */
  readonly state: string;
  /** It has changed page tables, and what it does depends on when the processor looks at them: nothing has to be the same. */
  readonly remapped: boolean;
}

/** Counts from now on what processors do. */
export class Counts {
  /** Exceptions and interrupts that reached a handler. */
  events = 0;
  vmExits = 0;

  constructor(processors: readonly Processor[]) {
    for (const cpu of processors) {
      const delivered = cpu.eventDelivered.bind(cpu);
      cpu.eventDelivered = (retires) => {
        this.events++;
        delivered(retires);
      };
      const exit = cpu.vmExit.bind(cpu);
      cpu.vmExit = (...how) => {
        this.vmExits++;
        exit(...how);
      };
    }
  }
}

/** What a machine and its guest are at the end. */
export function describeEnd(
  guest: Guest,
  { memory, processors }: Machine,
  end: End,
): Pick<Outcome, "state" | "remapped"> {
  const bytes = memory.read(__hpa(0n), Place.ramSize);
  const words = { end, processors: processors.map(registers), memory: checksum(bytes) };
  const state = JSON.stringify(words, (_, value) => (typeof value === "bigint" ? value.toString(16) : value));
  return { state, remapped: tablesChanged(guest.memory, bytes) };
}

function registers({ state, retired, rip, rflags, gpr }: Processor): Record<string, unknown> {
  return {
    retired,
    rip,
    rflags,
    gpr: Array.from(gpr),
    cr0: state.get64("cr0"),
    cr2: state.get64("cr2"),
    cr3: state.get64("cr3"),
    cr4: state.get64("cr4"),
    efer: state.get64("efer"),
    segments: Array.from({ length: 8 }, (_, i) => state.get32("segmentSelector", i)),
    rights: Array.from({ length: 8 }, (_, i) => state.get32("segmentRights", i)),
    xmm: Array.from({ length: 32 }, (_, i) => state.get64("xmm", i)),
    st: Array.from({ length: 16 }, (_, i) => state.get64("st", i)),
    mxcsr: state.get32("mxcsr"),
    fpu: [state.get32("fpuControl"), state.get32("fpuStatus"), state.get32("fpuTags")],
  };
}

/** Page tables: their places, and the bits that a processor changes in them (accessed, dirty). */
const tables = [
  { start: Place.pml4, end: Place.tablesEnd, own: 0x60 },
  { start: Place.ept, end: Place.eptEnd, own: 0x300 },
];

/** Whether page tables differ in more than accessed and dirty flags. */
function tablesChanged(before: Uint8Array, after: Uint8Array): boolean {
  const [old, now] = [new Int32Array(before.buffer), new Int32Array(after.buffer, after.byteOffset)];
  return tables.some(({ start, end, own }) => {
    for (let i = start / 4; i < end / 4; i++) {
      if (((old[i] ^ now[i]) & ~own) !== 0) {
        return true;
      }
    }
    return false;
  });
}

/** FNV-1a of 32-bit words. */
function checksum(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let hash = 0x811c9dc5;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x01000193);
  }
  return hash >>> 0;
}
