import { __hpa, type hpa_t } from "../src/address";
import type { Machine } from "../src/machine/machine";
import { CODE_FILL, Layout } from "./layout";
import { descriptors, encodeDescriptor } from "./segments";

/** Where things lie in the machine's RAM, and in the upper half of the address space for the tables of the processor. */
export const Ram = {
  tables: 0x1000,
  code: 0x8000,
  data: 0xa000,
  control: 0xc000,
  exit: 0xd000,
  /** GDT, LDT, IDT, TSS and handlers, with linear addresses from `SYSTEM_BASE` on. */
  gdt: 0xe000,
  ldt: 0xe800,
  tss: 0xec00,
  idt: 0xf000,
  handlers: 0x1_0000,
  stack: 0x1_1000,
  end: 0x1_2000,
  size: 0x10_0000,
} as const;

/** What is added to a place in RAM from `Ram.gdt` on for its linear address, which cases do not reach. */
export const SYSTEM_BASE = 0xffff_8000_0000_0000n;

/** Bytes of the tables, less one. */
export const Limits = { gdt: 0x7f, ldt: 0xa7, tss: 0x67, idt: 0xfff } as const;

export const HLT = 0xf4;

/** Bytes between the handlers of two vectors: each is HLT. */
export const HANDLER_SIZE = 8;

const KERNEL_CODE = 0x10;
const INTERRUPT_GATE = 0x8e;
const DPL3 = 0x60;
/** Vectors with gates that user mode may use: INT3 and INTO, as Linux has them. */
const userGates: readonly number[] = [3, 4];
const TSS_RSP0 = 4;
const TSS_IO_MAP = 102;

const PAGE = 0x1000;
const PageBit = { present: 1n, writable: 1n << 1n, user: 1n << 2n, noExecute: 1n << 63n } as const;

export function at(address: number): hpa_t {
  return __hpa(BigInt(address));
}

/** Fills RAM with what cases run in: the pages of the layout for user mode, descriptor tables, and handlers that halt. */
export function buildUserSpace(machine: Machine): void {
  const { memory } = machine;
  memory.fill(at(Ram.code), Layout.codeSize, CODE_FILL);
  memory.fill(at(Ram.exit), PAGE, HLT);
  memory.writeU64(at(Ram.control + Layout.exitAddress - Layout.controlBase), BigInt(Layout.exitBase));
  mapPages(machine);
  for (const descriptor of descriptors) {
    const { selector } = descriptor;
    const [low, high] = encodeDescriptor(descriptor);
    const table = selector & 4 ? Ram.ldt : Ram.gdt;
    memory.writeU64(at(table + (selector & ~7)), (BigInt(high) << 32n) | BigInt(low));
  }
  for (let vector = 0; vector < 256; vector++) {
    writeGate(machine, vector);
  }
  memory.fill(at(Ram.handlers), PAGE, HLT);
  memory.writeU64(at(Ram.tss + TSS_RSP0), SYSTEM_BASE + BigInt(Ram.stack + PAGE));
  memory.write(at(Ram.tss + TSS_IO_MAP), Uint8Array.of(Limits.tss + 1, 0));
}

function writeGate({ memory }: Machine, vector: number): void {
  const handler = SYSTEM_BASE + BigInt(Ram.handlers + vector * HANDLER_SIZE);
  const type = INTERRUPT_GATE | (userGates.includes(vector) ? DPL3 : 0);
  const low =
    (handler & 0xffffn) | (BigInt(KERNEL_CODE) << 16n) | (BigInt(type) << 40n) | ((handler & 0xffff0000n) << 32n);
  memory.writeU64(at(Ram.idt + vector * 16), low);
  memory.writeU64(at(Ram.idt + vector * 16 + 8), handler >> 32n);
}

function mapPages(machine: Machine): void {
  const tables = new Tables(machine);
  const { writable, noExecute, user } = PageBit;
  for (let offset = 0; offset < Layout.codeSize; offset += PAGE) {
    tables.map(BigInt(Layout.codeBase + offset), Ram.code + offset, user);
  }
  for (let offset = 0; offset < Layout.dataSize; offset += PAGE) {
    tables.map(BigInt(Layout.dataBase + offset), Ram.data + offset, user | writable | noExecute);
  }
  tables.map(BigInt(Layout.controlBase), Ram.control, user | noExecute);
  tables.map(BigInt(Layout.exitBase), Ram.exit, user);
  for (let page = Ram.gdt; page < Ram.end; page += PAGE) {
    tables.map(SYSTEM_BASE + BigInt(page), page, writable);
  }
}

/** 4-level page tables, made as they are needed from `Ram.tables` on. */
class Tables {
  private next = Ram.end;

  constructor(private readonly machine: Machine) {}

  map(linear: bigint, physical: number, bits: bigint): void {
    let table: number = Ram.tables;
    for (const shift of [39n, 30n, 21n]) {
      table = this.below(table + Number((linear >> shift) & 511n) * 8);
    }
    const entry = table + Number((linear >> 12n) & 511n) * 8;
    this.machine.memory.writeU64(at(entry), BigInt(physical) | PageBit.present | bits);
  }

  private below(entry: number): number {
    const { memory } = this.machine;
    const found = Number(memory.readU64(at(entry)) & 0xffff_f000n);
    if (found !== 0) {
      return found;
    }
    const table = this.next;
    this.next += PAGE;
    memory.writeU64(at(entry), BigInt(table) | PageBit.present | PageBit.writable | PageBit.user);
    return table;
  }
}

/** First page of RAM that a machine with a user space has free. */
export const FREE_RAM = Ram.end + 0x1_0000;
