import { __hpa } from "../src/address";
import type { Processor } from "../src/cpu/processor";
import type { Guest } from "./guest";
import { Place } from "./layout";
import { startGuest, type Tier } from "./start";

/** How a guest came to its end. */
export type End = "halted" | "limit" | "shutdown";

/** What became of a guest. */
export interface Outcome {
  readonly end: End;
  readonly instructions: number;
  /** Exceptions and interrupts that reached a handler. */
  readonly events: number;
  readonly vmExits: number;
  /** All that has to be the same however its code was translated. */
  readonly state: string;
  /** It has changed page tables, and what it does depends on when the processor looks at them: nothing has to be the same. */
  readonly remapped: boolean;
}

/** Runs a guest. @throws what is an error of the host: nothing a guest does may cause one */
export function runGuest(guest: Guest, tier: Tier): Outcome {
  const machine = startGuest(guest, tier);
  const [cpu] = machine.processors;
  const events = countEvents(cpu);
  let vmExits = 0;
  for (;;) {
    const stop = cpu.run(guest.limit - cpu.retired);
    switch (stop.kind) {
      case "vm-exit":
        // The guest has a guest of its own, and goes on as its host.
        vmExits++;
        break;
      case "exception":
        throw new Error(`exception ${stop.vector} came out of the processor`);
      case "limit":
        if (cpu.retired !== guest.limit) {
          throw new Error(`stopped after ${cpu.retired} instructions at a limit of ${guest.limit}`);
        }
        return outcome(guest, cpu, "limit", events(), vmExits);
      default:
        return outcome(guest, cpu, stop.kind, events(), vmExits);
    }
    if (cpu.retired >= guest.limit) {
      return outcome(guest, cpu, "limit", events(), vmExits);
    }
  }
}

/** Counts what the processor delivers from now on. */
function countEvents(cpu: Processor): () => number {
  let count = 0;
  const delivered = cpu.eventDelivered.bind(cpu);
  cpu.eventDelivered = () => {
    count++;
    delivered();
  };
  return () => count;
}

function outcome(guest: Guest, cpu: Processor, end: End, events: number, vmExits: number): Outcome {
  const { state } = cpu;
  const memory = cpu.memory.read(__hpa(0n), Place.ramSize);
  const words = {
    end,
    retired: cpu.retired,
    rip: cpu.rip,
    rflags: cpu.rflags,
    gpr: Array.from(cpu.gpr),
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
    memory: checksum(memory),
  };
  const text = JSON.stringify(words, (_, value) => (typeof value === "bigint" ? value.toString(16) : value));
  const remapped = tablesChanged(guest.memory, memory);
  return { end, instructions: cpu.retired, events, vmExits, state: text, remapped };
}

const ACCESSED_AND_DIRTY = 0x60;

/** Whether page tables differ in more than accessed and dirty flags. */
function tablesChanged(before: Uint8Array, after: Uint8Array): boolean {
  const [old, now] = [new Int32Array(before.buffer), new Int32Array(after.buffer, after.byteOffset)];
  for (let i = Place.pml4 / 4; i < Place.tablesEnd / 4; i++) {
    if (((old[i] ^ now[i]) & ~ACCESSED_AND_DIRTY) !== 0) {
      return true;
    }
  }
  return false;
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
