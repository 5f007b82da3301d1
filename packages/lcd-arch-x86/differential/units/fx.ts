import { type Draft, pushNear, pushNumber } from "../draft";
import { emit } from "../encode";
import { sseForms } from "../forms/sse";
import { Layout } from "../layout";
import { forward } from "./integer";
import type { Unit } from "./unit";

const comparisons = sseForms.filter(({ name }) => /comi/.test(name));

/** ModRM, and SIB where it takes one, of [disp16] or [disp32] (SDM 2A, "Addressing-Mode Encoding of ModR/M and SIB Bytes"). */
const absoluteForms = { 16: [6], 32: [5], 64: [4, 0x25] } as const;

/** ModRM with an absolute address. */
function absolute(draft: Draft, reg: number, address: number): void {
  const [modrm, ...sib] = absoluteForms[draft.code];
  draft.bytes.push((reg << 3) | modrm, ...sib);
  pushNear(draft, address);
}

/** `mov dword [address], value` */
function storeWord(draft: Draft, address: number, value: number): void {
  draft.bytes.push(...(draft.code === 16 ? [0x66] : []), 0xc7);
  absolute(draft, 0, address);
  pushNumber(draft.bytes, value, 32);
}

/** A place for `size` bytes that begins in the window. */
function place({ random, window }: Draft, size: number, alignment: number): number {
  return window + (random.below(Layout.windowSize - (size % Layout.windowSize)) & -alignment);
}

/**
 * Places of the last instruction's opcode and pointers, and of CS and DS, in what FNSTENV and FNSAVE write. Processors of
 * AMD and of Intel, and of different years, do not agree on them, so that they are written over.
 */
const POINTERS = [12, 16, 20, 24] as const;
/** The same in what FXSAVE writes, with MXCSR_MASK, which has one bit more on processors of AMD. */
const FX_POINTERS = [4, 8, 12, 16, 20, 28] as const;

/** What is prepared for cases of x87 and MMX code. */
export const x87Units: readonly Unit[] = [
  {
    name: "control word",
    write(draft) {
      const { random, bytes } = draft;
      const address = place(draft, 4, 1);
      storeWord(draft, address, (random.u32() & 0xf40) | (random.chance(70) ? 0x3f : random.below(0x40)));
      bytes.push(0xd9);
      absolute(draft, 5, address);
    },
  },
  {
    name: "environment or state stored, and perhaps loaded",
    write(draft) {
      const { random, bytes } = draft;
      const save = random.chance(50);
      const address = place(draft, save ? 108 : 28, 1);
      bytes.push(save ? 0xdd : 0xd9);
      absolute(draft, 6, address);
      for (const pointer of POINTERS) {
        storeWord(draft, address + pointer, 0);
      }
      if (random.chance(50)) {
        bytes.push(save ? 0xdd : 0xd9);
        absolute(draft, 4, address);
      }
    },
  },
  {
    name: "environment of 16-bit code, and back",
    write(draft) {
      const { random, bytes } = draft;
      const address = place(draft, 16, 1);
      bytes.push(0x66, 0xd9);
      absolute(draft, 6, address);
      storeWord(draft, address + 6, 0);
      storeWord(draft, address + 10, 0);
      if (random.chance(50)) {
        bytes.push(0x66, 0xd9);
        absolute(draft, 4, address);
      }
    },
  },
  {
    name: "function of a small argument",
    last: true,
    write(draft) {
      const { random, bytes } = draft;
      // fild word [address]; fidiv dword [divisor]; f2xm1 or fyl2xp1, which are not defined for all arguments
      const divisor = place(draft, 4, 1);
      storeWord(draft, divisor, 0x2_0000);
      bytes.push(0xdf);
      absolute(draft, 0, place(draft, 2, 1));
      bytes.push(0xda);
      absolute(draft, 6, divisor);
      bytes.push(0xd9, random.pick([0xf0, 0xf9]));
    },
  },
];

/** What is prepared for cases of SSE code. */
export const sseUnits: readonly Unit[] = [
  {
    name: "control and status register",
    write(draft) {
      const { random, bytes } = draft;
      const address = place(draft, 4, 1);
      storeWord(draft, address, (random.u32() & 0xe07f) | (random.chance(70) ? 0x1f80 : random.u32() & 0x1f80));
      bytes.push(0x0f, 0xae);
      absolute(draft, 2, address);
    },
  },
  {
    name: "whole state saved, and perhaps restored",
    write(draft) {
      const { random, bytes, code } = draft;
      const address = place(draft, 16, 16);
      const wide = code === 64 && random.chance(50) ? [0x48] : [];
      bytes.push(...wide, 0x0f, 0xae);
      absolute(draft, 0, address);
      for (const pointer of FX_POINTERS) {
        storeWord(draft, address + pointer, 0);
      }
      if (random.chance(50)) {
        bytes.push(...wide, 0x0f, 0xae);
        absolute(draft, 1, address);
      }
    },
  },
  {
    name: "branch on a comparison of XMM registers",
    write(draft) {
      const { random } = draft;
      emit(draft, random.pick(comparisons));
      forward(draft, [0x70 | random.below(16)], "short", () => emit(draft, random.pick(comparisons)));
    },
  },
];
