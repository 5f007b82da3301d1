import { Layout } from "./layout";

/** A segment of the descriptor tables that cases run with. */
export interface SegmentDescriptor {
  readonly selector: number;
  readonly base: number;
  /** Offset of the last byte; for an expand-down segment of the last byte that is not in it. */
  readonly limit: number;
  readonly type: "data" | "code";
  /** Data: writable. Code: readable. */
  readonly access: boolean;
  /** Data: expand-down. Code: conforming. */
  readonly special: boolean;
  /** D/B: 32-bit code, or a stack or upper bound of 32 bits. */
  readonly big: boolean;
  /** 64-bit code. */
  readonly long: boolean;
  readonly present: boolean;
  readonly dpl: number;
}

/** Order of the segment registers: as instructions encode them. */
export const SegmentRegister = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5 } as const;

export const segmentNames = Object.keys(SegmentRegister);

const LAST = 0xffff_ffff;
const LDT_RPL3 = 7;

/** Selectors of Linux's user segments (`asm/segment.h`), with RPL 3. */
export const Gdt = { code32: 0x23, data: 0x2b, code64: 0x33, cpuNumber: 0x7b } as const;

/** Selectors of the local descriptor table that the harness sets up. */
export const Ldt = {
  /** Flat: the same as Linux's. */
  code32: selector(0),
  /** From the code pages on. */
  code16: selector(1),
  basedCode32: selector(2),
  executeOnly32: selector(3),
  executeOnly16: selector(4),
  /** Conforming, and not present: Linux allows no other. */
  conforming: selector(5),
  absentCode: selector(6),
  flat: selector(7),
  flatReadOnly: selector(8),
  /** Up to the middle of the window, and from there on. */
  flatBelow: selector(9),
  flatAbove: selector(10),
  /** From the data pages on. */
  data: selector(11),
  /** The same, with a 16-bit stack pointer. */
  stack16: selector(12),
  readOnly: selector(13),
  below: selector(14),
  above: selector(15),
  above16: selector(16),
  /** One that ends four bytes into the window. */
  short: selector(17),
  absent: selector(18),
  flatCodeReadable: selector(19),
} as const;

function selector(index: number): number {
  return (index << 3) | LDT_RPL3;
}

type Marks = Partial<Omit<SegmentDescriptor, "selector" | "base" | "limit" | "type">>;

function describe(type: "data" | "code", selector: number, base: number, limit: number, marks: Marks = {}) {
  const usual = { access: true, special: false, big: true, long: false, present: true, dpl: 3 };
  return { selector, base, limit, type, ...usual, ...marks };
}

const { codeBase, dataBase, codeSize, dataSize } = Layout;
const MIDDLE = 0xfff;

/** Linux's global descriptor table, as far as cases look at it, and the local one. */
export const descriptors: readonly SegmentDescriptor[] = [
  describe("code", 0x08, 0, LAST, { dpl: 0 }),
  describe("code", 0x10, 0, LAST, { dpl: 0, big: false, long: true }),
  describe("data", 0x18, 0, LAST, { dpl: 0 }),
  describe("code", Gdt.code32, 0, LAST),
  describe("data", Gdt.data, 0, LAST),
  describe("code", Gdt.code64, 0, LAST, { big: false, long: true }),
  // Its limit is the number of the processor: the harness stays on the first.
  describe("data", Gdt.cpuNumber, 0, 0, { access: false, special: true }),
  describe("code", Ldt.code32, 0, LAST),
  describe("code", Ldt.code16, codeBase, codeSize - 1, { big: false }),
  describe("code", Ldt.basedCode32, codeBase, codeSize - 1),
  describe("code", Ldt.executeOnly32, codeBase, codeSize - 1, { access: false }),
  describe("code", Ldt.executeOnly16, codeBase, codeSize - 1, { access: false, big: false }),
  describe("code", Ldt.conforming, 0, LAST, { special: true, present: false }),
  describe("code", Ldt.absentCode, 0, LAST, { present: false }),
  describe("data", Ldt.flat, 0, LAST),
  describe("data", Ldt.flatReadOnly, 0, LAST, { access: false }),
  describe("data", Ldt.flatBelow, 0, dataBase + MIDDLE),
  describe("data", Ldt.flatAbove, 0, dataBase + MIDDLE, { special: true }),
  describe("data", Ldt.data, dataBase, dataSize - 1),
  describe("data", Ldt.stack16, dataBase, dataSize - 1, { big: false }),
  describe("data", Ldt.readOnly, dataBase, dataSize - 1, { access: false }),
  describe("data", Ldt.below, dataBase, MIDDLE),
  describe("data", Ldt.above, dataBase, MIDDLE, { special: true }),
  describe("data", Ldt.above16, dataBase, MIDDLE, { special: true, big: false }),
  describe("data", Ldt.short, dataBase, Layout.windowBase - dataBase + 3),
  describe("data", Ldt.absent, dataBase, dataSize - 1, { present: false }),
  describe("code", Ldt.flatCodeReadable, 0, LAST),
];

const bySelector = new Map(descriptors.map((descriptor) => [descriptor.selector, descriptor]));

/** The descriptor that a selector names, undefined when there is none. */
export function descriptorOf(selector: number): SegmentDescriptor | undefined {
  return bySelector.get(selector);
}

/** Selectors that are loaded at random: every descriptor, null ones, and one outside of each table. */
export const loadable: readonly number[] = [...bySelector.keys(), 0, 3, 0x21, 0x29, 0x0ff0, 0x0ff7];

const LIMIT_UNITS = 0x10_0000;

const isGranular = ({ limit }: SegmentDescriptor): boolean => limit >= LIMIT_UNITS;
const limitField = (descriptor: SegmentDescriptor): number =>
  isGranular(descriptor) ? descriptor.limit >>> 12 : descriptor.limit;

/** The eight bytes of a descriptor, low and high half (SDM 3A, "Segment Descriptors"); the accessed bit is set. */
export function encodeDescriptor(descriptor: SegmentDescriptor): readonly [number, number] {
  const { base, type, access, special, big, long, present, dpl } = descriptor;
  const limit = limitField(descriptor);
  const bit = (value: boolean, at: number): number => (value ? 1 << at : 0);
  const kind = 1 | bit(access, 1) | bit(special, 2) | bit(type === "code", 3);
  const high =
    ((base >>> 16) & 0xff) |
    (kind << 8) |
    (1 << 12) |
    (dpl << 13) |
    bit(present, 15) |
    (limit & 0xf_0000) |
    bit(long, 21) |
    bit(big, 22) |
    bit(isGranular(descriptor), 23) |
    (base & 0xff00_0000);
  return [((limit & 0xffff) | (base << 16)) >>> 0, high >>> 0];
}

/** `struct user_desc` of modify_ldt(2): number, base, limit, and flags, for each descriptor of the local table. */
export function userDescriptors(): Uint32Array {
  const local = descriptors.filter(({ selector }) => selector & 4);
  const words = local.flatMap((descriptor) => {
    const { selector, base, type, access, special, big, present } = descriptor;
    const contents = (type === "code" ? 2 : 0) | (special ? 1 : 0);
    const flags =
      (big ? 1 : 0) | (contents << 1) | (access ? 0 : 8) | (isGranular(descriptor) ? 0x10 : 0) | (present ? 0 : 0x20);
    return [selector >>> 3, base, limitField(descriptor), flags];
  });
  return Uint32Array.from([local.length, ...words]);
}
