import { type Draft, pushNumber } from "./draft";
import { Layout } from "./layout";
import type { Random } from "./random";

/** ES, CS, SS and DS: without effect in 64-bit mode. */
export const segmentOverrides = [0x26, 0x2e, 0x36, 0x3e];
const FS = 0x64;
const GS = 0x65;
const ADDRESS_SIZE = 0x67;

const RSP = 4;

/** An instruction while it is put together. */
export interface Parts {
  readonly prefixes: number[];
  rex: number;
  readonly body: number[];
  /** The register in VEX.vvvv; 0 when there is none. */
  vvvv: number;
  /** Where in `body` a displacement relative to RIP lies, and the address it is to reach. */
  ripAt: number;
  ripTarget: number;
}

function windowAddress(draft: Draft): number {
  const offset = draft.random.below(Layout.windowSize);
  return draft.window + (draft.alignment > 8 && draft.random.chance(70) ? offset & -draft.alignment : offset);
}

/** The offset of MOV between AL, AX, EAX, RAX and memory. */
export function memoryOffset(draft: Draft, parts: Parts): void {
  const { random, code } = draft;
  const other = random.chance(20);
  if (other) {
    parts.prefixes.push(ADDRESS_SIZE);
  }
  const short = (code === 32) === other && code !== 64;
  pushNumber(parts.body, windowAddress(draft), short ? 16 : 32);
  if (code === 64 && !other) {
    pushNumber(parts.body, 0, 32);
  }
}

function pickFrom(mask: number, random: Random): number {
  const numbers: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (mask & (1 << i)) {
      numbers.push(i);
    }
  }
  return random.pick(numbers);
}

/** ModRM with a memory operand, SIB and displacement, and the REX bits and prefixes that go with it. */
export function memoryOperand(draft: Draft, parts: Parts, reg: number): void {
  const { random, code } = draft;
  const other = random.chance(code === 16 ? 25 : 8);
  if (other) {
    parts.prefixes.push(ADDRESS_SIZE);
  }
  if (random.chance(code === 64 ? 3 : 12)) {
    parts.prefixes.push(random.pick(code === 64 ? segmentOverrides : [...segmentOverrides, FS, GS]));
  }
  if (code !== 64 && (code === 16) !== other) {
    shortOperand(draft, parts, reg);
  } else {
    longOperand(draft, parts, reg);
  }
}

/** Base and index of each `rm` of 16-bit addressing (SDM 2A, "16-Bit Addressing Forms"); BX 3, BP 5, SI 6, DI 7. */
const shortForms: readonly (readonly [number, number | null])[] = [
  [3, 6],
  [3, 7],
  [5, 6],
  [5, 7],
  [6, null],
  [7, null],
  [5, null],
  [3, null],
];

function shortOperand(draft: Draft, parts: Parts, reg: number): void {
  const { random, pointers, smalls } = draft;
  const known = (register: number, mask: number): boolean => (mask & (1 << register)) !== 0;
  const useful = shortForms.flatMap(([base, index], rm) => {
    const fits =
      index === null
        ? known(base, pointers)
        : (known(base, pointers) && known(index, smalls)) || (known(base, smalls) && known(index, pointers));
    return fits ? [rm] : [];
  });
  if (useful.length === 0 || random.chance(15)) {
    // [disp16]
    parts.body.push((reg << 3) | 6);
    pushNumber(parts.body, windowAddress(draft), 16);
    return;
  }
  const rm = random.chance(3) ? random.below(8) : random.pick(useful);
  const mode = rm === 6 ? 1 + random.below(2) : random.pick([0, 1, 1, 2]);
  parts.body.push((mode << 6) | (reg << 3) | rm);
  displacement(draft, parts, mode, 16);
}

/** Addressing with any register. */
function longOperand(draft: Draft, parts: Parts, reg: number): void {
  const { random, code } = draft;
  const choice = random.below(100);
  const indexes = draft.smalls & ~(1 << RSP);
  if (choice < 12) {
    // [rip + disp32]; [disp32] outside of 64-bit code
    parts.body.push((reg << 3) | 5);
    if (code === 64) {
      parts.ripAt = parts.body.length;
      parts.ripTarget = windowAddress(draft);
      pushNumber(parts.body, 0, 32);
    } else {
      pushNumber(parts.body, windowAddress(draft), 32);
    }
    return;
  }
  if (choice < 24 || draft.pointers === 0) {
    // [disp32], or [index * scale + disp32], perhaps in GS
    const index = indexes && random.chance(60) ? pickFrom(indexes, random) : RSP;
    const inGs = code === 64 && random.chance(30);
    if (inGs) {
      parts.prefixes.push(GS);
    }
    sib(parts, reg, 0, random.below(4), index, 5);
    pushNumber(parts.body, windowAddress(draft) - (inGs ? Layout.gsBase : 0), 32);
    return;
  }
  const base = random.chance(2) ? random.below(code === 64 ? 16 : 8) : pickFrom(draft.pointers, random);
  const index = indexes && random.chance(35) ? pickFrom(indexes, random) : RSP;
  let mode = random.pick([0, 1, 1, 2]);
  if (mode === 0 && (base & 7) === 5) {
    mode = 1;
  }
  if (index !== RSP || (base & 7) === RSP || random.chance(10)) {
    sib(parts, reg, mode, random.below(4), index, base);
  } else {
    parts.body.push((mode << 6) | (reg << 3) | (base & 7));
    parts.rex |= base & 8 ? 0x41 : 0;
  }
  displacement(draft, parts, mode, 32);
}

function displacement({ random, alignment }: Draft, parts: Parts, mode: number, bits: 16 | 32): void {
  let value = random.below(96) - 48;
  if (alignment > 8 && random.chance(80)) {
    value &= -alignment;
  }
  if (mode !== 0) {
    pushNumber(parts.body, value, mode === 1 ? 8 : bits);
  }
}

function sib(parts: Parts, reg: number, mode: number, scale: number, index: number, base: number): void {
  parts.body.push((mode << 6) | (reg << 3) | 4, (scale << 6) | ((index & 7) << 3) | (base & 7));
  parts.rex |= (index & 8 ? 0x42 : 0) | (base & 8 ? 0x41 : 0);
}
