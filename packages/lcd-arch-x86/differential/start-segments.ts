import type { TestCase } from "./case";
import { kinds } from "./kinds";
import { Layout } from "./layout";
import { descriptorOf, Gdt, Ldt } from "./segments";

/**
 * Choices of a case of 16 or 32 bits in the upper half of its `classes`, where only 64-bit code has registers: bit 16
 * whether its segments begin at the code and data pages or at 0, then three bits each for ES, SS, DS, FS and GS.
 */
export const BASED = 1 << 16;
export const CHOICE_BITS = 3;
export const FIRST_CHOICE = 17;
const choiceAt = { es: FIRST_CHOICE, ss: 20, ds: 23, fs: 26, gs: 29 } as const;

const flat = {
  data: [Gdt.data, Ldt.flat, Gdt.data, Ldt.flatReadOnly, Ldt.flatBelow, Ldt.flatAbove, Ldt.flatCodeReadable, 0],
  stack: [Gdt.data, Ldt.flat, Gdt.data, Ldt.flat, Ldt.flatBelow, Ldt.flatAbove, Gdt.data, Ldt.flat],
};
const based = {
  data: [Ldt.data, Ldt.stack16, Ldt.readOnly, Ldt.below, Ldt.above, Ldt.above16, Ldt.short, 0],
  stack32: [Ldt.data, Ldt.data, Ldt.stack16, Ldt.below, Ldt.above, Ldt.above16, Ldt.short, Ldt.data],
  stack16: [Ldt.stack16, Ldt.stack16, Ldt.data, Ldt.below, Ldt.above, Ldt.above16, Ldt.short, Ldt.stack16],
};

type Beginning = Pick<TestCase, "kind" | "classes" | "seed">;

/** Whether the segments of a case begin at its pages, so that its pointers are offsets from there. */
export function isBased({ kind, classes }: Pick<TestCase, "kind" | "classes">): boolean {
  const { bits } = kinds[kind];
  return bits === 16 || (bits === 32 && (classes & BASED) !== 0);
}

/** What is to be taken from a linear address to get a pointer into the window, and the code. */
export function pointerBase(test: Pick<TestCase, "kind" | "classes">): number {
  return isBased(test) ? Layout.dataBase : 0;
}

/** Base of the code segment that a case begins in. */
export function codeSegmentBase(test: Pick<TestCase, "kind" | "classes">): number {
  return isBased(test) ? Layout.codeBase : 0;
}

/** Selectors that a case begins with, in the order of `SegmentRegister`. */
export function startSegments(test: Beginning): Uint16Array {
  const { bits } = kinds[test.kind];
  if (bits === 64) {
    return Uint16Array.of(0, Gdt.code64, Gdt.data, 0, 0, 0);
  }
  const choice = (at: number): number => (test.classes >>> at) & ((1 << CHOICE_BITS) - 1);
  const data = isBased(test) ? based.data : flat.data;
  const based32 = bits === 32 ? based.stack32 : based.stack16;
  const stack = isBased(test) ? based32 : flat.stack;
  return Uint16Array.of(
    data[choice(choiceAt.es)],
    startCode(test),
    stack[choice(choiceAt.ss)],
    data[choice(choiceAt.ds)],
    data[choice(choiceAt.fs)],
    data[choice(choiceAt.gs)],
  );
}

/** One of eight states begins in a segment that can only be executed, or in another that is as good. */
function startCode(test: Beginning): number {
  const unusual = (test.seed & 7) === 0;
  if (kinds[test.kind].bits === 16) {
    return unusual ? Ldt.executeOnly16 : Ldt.code16;
  }
  if (isBased(test)) {
    return unusual ? Ldt.executeOnly32 : Ldt.basedCode32;
  }
  return unusual ? Ldt.code32 : Gdt.code32;
}

/** Linear address of an offset in a code segment. */
export function linearOf(cs: number, offset: bigint): bigint {
  const descriptor = descriptorOf(cs);
  return descriptor && !descriptor.long ? BigInt.asUintN(32, offset + BigInt(descriptor.base)) : offset;
}
