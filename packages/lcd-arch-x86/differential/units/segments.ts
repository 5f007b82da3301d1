import { type Draft, forget, pushNear, pushNumber } from "../draft";
import { emit } from "../encode";
import { segmentForms } from "../forms/legacy";
import { Layout } from "../layout";
import { descriptorOf, Gdt, Ldt, loadable } from "../segments";
import { forward } from "./integer";
import type { Unit } from "./unit";

const readers = segmentForms.filter(({ name }) => ["lar", "lsl", "verr", "verw"].includes(name));
const ES = 0x07;
const DS = 0x1f;
const MOV_IMMEDIATE = 0xb8;
const OPERAND_SIZE = 0x66;

/** Segments that leave pointers as they are, and others, chosen so that not every load is the last of its case. */
function someSelector(draft: Draft): number {
  const { random, window } = draft;
  const usual = window === Layout.windowBase ? [Gdt.data, Ldt.flat, 0] : [Ldt.data, Ldt.stack16, 0];
  return random.chance(50) ? random.pick(usual) : random.pick(loadable) & ~(random.chance(5) ? 3 : 0);
}

/** `mov reg, selector` with 32 bits, the upper ones random. */
function selectorInRegister(draft: Draft, selector: number): number {
  const register = draft.random.pick([0, 1, 2, 3, 6, 7]);
  if (draft.code === 16) {
    draft.bytes.push(OPERAND_SIZE);
  }
  draft.bytes.push(MOV_IMMEDIATE | register);
  pushNumber(draft.bytes, selector | (draft.random.u32() & 0xffff_0000), 32);
  forget(draft, register);
  return register;
}

/** Code segments in which the code of a case is, with as many bits. */
function codeSelectors({ code }: Draft): readonly number[] {
  return code === 16
    ? [Ldt.code16, Ldt.executeOnly16]
    : [Gdt.code32, Ldt.code32, Ldt.basedCode32, Ldt.executeOnly32, Ldt.flatCodeReadable];
}

/** Selectors that a far jump cannot load. */
const refused = loadable.filter((selector) => {
  const descriptor = descriptorOf(selector);
  return descriptor?.type !== "code" || !descriptor.present || descriptor.dpl === 0;
});

/** Instruction pointer, in a segment, of a place in the case. */
function offsetIn(draft: Draft, selector: number, place: number): number {
  return draft.base + draft.codeSegment + place - (descriptorOf(selector)?.base ?? 0);
}

/** What 16- and 32-bit code does with segments. */
export const segmentUnits: readonly Unit[] = [
  {
    name: "segment register from a register",
    write(draft) {
      const register = selectorInRegister(draft, someSelector(draft));
      draft.bytes.push(0x8e, 0xc0 | (draft.random.pick([0, 2, 3, 4, 5]) << 3) | register);
    },
  },
  {
    name: "segment register from the stack",
    write(draft) {
      const { random, bytes } = draft;
      bytes.push(0x68);
      pushNear(draft, someSelector(draft));
      bytes.push(...random.pick([[ES], [DS], [0x17], [0x0f, 0xa1], [0x0f, 0xa9]]));
    },
  },
  {
    name: "far pointer from memory",
    write(draft) {
      const { random, bytes } = draft;
      const address = draft.window + random.below(Layout.windowSize - 6);
      const register = selectorInRegister(draft, someSelector(draft));
      // mov [address + word], reg; les, lds, lss, lfs or lgs reg, [address]
      const modrm = draft.code === 16 ? 6 : 5;
      bytes.push(0x89, modrm | (register << 3));
      pushNear(draft, address + (draft.code === 16 ? 2 : 4));
      bytes.push(...random.pick([[0xc4], [0xc5], [0x0f, 0xb2], [0x0f, 0xb4], [0x0f, 0xb5]]));
      const loaded = random.pick([0, 1, 2, 3, 6, 7]);
      bytes.push(modrm | (loaded << 3));
      pushNear(draft, address);
      forget(draft, loaded);
    },
  },
  {
    name: "descriptor looked at",
    write(draft) {
      const register = selectorInRegister(draft, draft.random.pick(loadable));
      emit(draft, draft.random.pick(readers), { register });
    },
  },
  {
    name: "privilege level of a selector",
    write(draft) {
      const register = selectorInRegister(draft, draft.random.u32() & 0xffff);
      draft.bytes.push(0x63, 0xc0 | (draft.random.below(8) << 3) | register);
      forget(draft, register);
    },
  },
  {
    name: "bounds around a number",
    write(draft) {
      const { random, bytes } = draft;
      // mov reg, 0 to 15; bound reg, [address]
      const register = random.pick([0, 1, 2, 3, 6, 7]);
      bytes.push(MOV_IMMEDIATE | register);
      pushNear(draft, random.below(16));
      forget(draft, register);
      bytes.push(0x62, (draft.code === 16 ? 6 : 5) | (register << 3));
      pushNear(draft, draft.window + (random.below(14) << 3));
    },
  },
  {
    name: "far jump",
    write(draft) {
      const { random, bytes } = draft;
      const selector = random.chance(80) ? random.pick(codeSelectors(draft)) : random.pick(refused);
      const length = draft.code === 16 ? 5 : 7;
      bytes.push(0xea);
      pushNear(draft, offsetIn(draft, selector, bytes.length - 1 + length));
      pushNumber(bytes, selector, 16);
    },
  },
  {
    name: "far call and return",
    write(draft) {
      const { random, bytes } = draft;
      const selector = random.pick(codeSelectors(draft));
      // Over the called part, to the call, which goes back.
      let called = 0;
      forward(draft, [0xeb], "short", () => {
        called = bytes.length;
        if (random.chance(50)) {
          emit(draft, random.pick(readers));
        }
        bytes.push(...random.pick([[0xcb], [0xcb], [0xca, random.below(3) * 4, 0]]));
      });
      bytes.push(0x9a);
      pushNear(draft, offsetIn(draft, selector, called));
      pushNumber(bytes, selector, 16);
    },
  },
];
