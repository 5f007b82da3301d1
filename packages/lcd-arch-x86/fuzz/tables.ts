import type { Random } from "../differential/random";
import { IO_APIC_ADDRESS } from "../src/devices/io-apic";
import { PhysicalMemory } from "../src/machine/physical-memory";
import { LOCAL_APIC_ADDRESS, PAGE, Place, Selector } from "./layout";
import type { Mode } from "./modes";

const PRESENT_WRITABLE_USER = 7;

/** Types of system descriptors and gates (SDM 3A, "System-Segment and Gate-Descriptor Types"), reserved ones too. */
const systemTypes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15];

/** Memory of a guest while it is filled. */
export class GuestMemory {
  readonly bytes = new Uint8Array(Place.ramSize);
  private readonly view = new DataView(this.bytes.buffer);

  word(at: number, value: number): void {
    this.view.setUint32(at, value >>> 0, true);
  }

  pair(at: number, low: number, high: number): void {
    this.word(at, low);
    this.word(at + 4, high);
  }
}

/** The same bytes, as a machine has them. */
export const physicalMemory = ({ bytes }: GuestMemory): PhysicalMemory =>
  new PhysicalMemory(bytes.buffer, 0, Place.ramSize, () => {});

/** Fills everything that the processor itself reads: page tables, descriptor tables, vectors, and a TSS. */
export function writeTables(memory: GuestMemory, mode: Mode, random: Random): void {
  writePages(memory);
  writeSegments(memory, mode, random);
  writeVectors(memory, mode, random);
  writeTss(memory, mode, random);
  if (random.chance(50)) {
    damage(memory, random);
  }
}

/** Maps RAM to itself, and interrupt controllers, for every kind of paging. */
function writePages(memory: GuestMemory): void {
  memory.pair(Place.pml4, Place.pdpt | PRESENT_WRITABLE_USER, 0);
  memory.pair(Place.pdpt, Place.directory | PRESENT_WRITABLE_USER, 0);
  memory.pair(Place.directory, Place.table | PRESENT_WRITABLE_USER, 0);
  memory.pair(Place.paePdpt, Place.directory | 1, 0);
  memory.word(Place.directory32, Place.table32 | PRESENT_WRITABLE_USER);
  const map = (linear: number, physical: number): void => {
    memory.pair(Place.table + (linear / PAGE) * 8, physical | PRESENT_WRITABLE_USER, 0);
    memory.word(Place.table32 + (linear / PAGE) * 4, physical | PRESENT_WRITABLE_USER);
  };
  for (let at = 0; at < Place.ramSize; at += PAGE) {
    map(at, at);
  }
  map(Place.localApic, LOCAL_APIC_ADDRESS);
  map(Place.ioApic, IO_APIC_ADDRESS);
}

/** Rights of the segments of `Selector`, in the upper half of their descriptors, with G and a limit of 4 GiB. */
const segments = [
  [Selector.code32, 0xcf9b00],
  [Selector.data, 0xcf9300],
  [Selector.code64, 0xaf9b00],
  [Selector.code16, 0x8f9b00],
  [Selector.data16, 0x8f9300],
  [Selector.userCode32, 0xcffb00],
  [Selector.userData, 0xcff300],
  [Selector.userCode64, 0xaffb00],
] as const;

function writeSegments(memory: GuestMemory, mode: Mode, random: Random): void {
  for (const [selector, rights] of segments) {
    memory.pair(Place.gdt + (selector & ~7), 0xffff, rights);
  }
  memory.pair(Place.gdt + Selector.tss, (Place.tss << 16) | 0x3ff, 0x8b00 | (Place.tss >>> 16));
  memory.pair(Place.gdt + Selector.tss + 8, 0, 0);
  memory.pair(Place.gdt + Selector.ldt, (Place.ldt << 16) | 0x1ff, 0x8200);
  memory.pair(Place.gdt + Selector.ldt + 8, 0, 0);
  writeGate(memory, Place.gdt + Selector.callGate, codeSelector(mode), 0xec00, handler(random));
  for (let at = Place.gdt + Selector.random; at < Place.gdt + 0x200; at += 8) {
    writeRandomDescriptor(memory, at, random);
  }
  for (let at: number = Place.ldt; at < Place.ldt + 0x200; at += 8) {
    writeRandomDescriptor(memory, at, random);
  }
}

const codeSelector = (mode: Mode): number => (mode.long ? Selector.code64 : Selector.code32);

function writeRandomDescriptor(memory: GuestMemory, at: number, random: Random): void {
  const privilege = random.below(4) << 13;
  const present = random.chance(90) ? 0x8000 : 0;
  if (random.chance(50)) {
    const flags = (random.below(16) << 20) | (random.below(16) << 16);
    const rights = flags | privilege | present | 0x1000 | (random.below(16) << 8);
    memory.pair(
      at,
      random.chance(50) ? 0xffff : random.u32(),
      rights | (random.chance(80) ? 0 : random.u32() & 0xff0000ff),
    );
    return;
  }
  const type = random.pick(systemTypes) << 8;
  const selector = random.pick([
    Selector.code32,
    Selector.code64,
    Selector.tss,
    Selector.userCode32,
    random.below(0x200),
  ]);
  const offset = random.pick([handler(random), Place.tss, Place.ldt, random.u32()]);
  writeGate(memory, at, selector, privilege | present | type, offset);
}

function handler(random: Random): number {
  return Place.handlers + random.below(256) * Place.handlerSize;
}

function writeGate(memory: GuestMemory, at: number, selector: number, rights: number, offset: number): void {
  memory.pair(at, (selector << 16) | (offset & 0xffff), (offset & 0xffff0000) | rights);
}

const INTERRUPT_GATE = 0x8e00;

/** Interrupt vectors of real-address mode, and an IDT. */
function writeVectors(memory: GuestMemory, mode: Mode, random: Random): void {
  const size = mode.long ? 16 : 8;
  for (let vector = 0; vector < 256; vector++) {
    const offset = Place.handlers + vector * Place.handlerSize;
    memory.word(Place.vectors + vector * 4, random.chance(95) ? offset : random.u32());
    const at = Place.idt + vector * size;
    const privilege = random.chance(50) ? 0x6000 : 0;
    const kind = random.chance(90) ? INTERRUPT_GATE : 0x8000 | (random.pick(systemTypes) << 8);
    const stack = mode.long && random.chance(20) ? random.below(8) : 0;
    writeGate(memory, at, codeSelector(mode), kind | privilege | stack, offset);
    if (size === 16) {
      memory.pair(at + 8, 0, 0);
    }
    if (random.chance(3)) {
      memory.pair(at, random.u32(), random.u32());
    }
  }
}

/** A TSS that every form of it is found in: stacks where any field may be a stack pointer. */
function writeTss(memory: GuestMemory, mode: Mode, random: Random): void {
  for (let at: number = Place.tss; at < Place.tss + 0x68; at += 4) {
    const high = mode.long && (at - Place.tss) % 8 === 0;
    memory.word(at, high ? 0 : Place.stackTop - random.below(64) * 8);
  }
  if (!mode.long) {
    for (const stack of [8, 16, 24]) {
      memory.word(Place.tss + stack, Selector.data);
    }
  }
  // I/O permission map base, and a map of random permissions.
  memory.word(Place.tss + 0x64, random.pick([0x68, 0x88, 0x3ff, random.u32() & 0xffff]) << 16);
  for (let at = Place.tss + 0x88; at < Place.tss + 0x400; at += 4) {
    memory.word(at, random.chance(50) ? 0 : random.u32());
  }
}

function damage(memory: GuestMemory, random: Random): void {
  for (let count = 1 + random.below(24); count > 0; count--) {
    const at = random.below(Place.tablesEnd);
    memory.bytes[at] = random.chance(50) ? random.u32() & 0xff : memory.bytes[at] ^ (1 << random.below(8));
  }
}
