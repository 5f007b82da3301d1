import { segmentOverrides } from "../address-operand";
import { type Draft, forget, nearBits, pushNear, pushNumber } from "../draft";
import { emit } from "../encode";
import { type Form, formsNamed } from "../forms/index";
import { integerForms } from "../forms/integer";
import { ALL_FLAGS } from "../undefined";
import { missing, vexOrMissing } from "./missing";
import type { Unit } from "./unit";

const RAX = 0;
const RCX = 1;
const RBP = 5;
const REPNE = 0xf2;
const REPE = 0xf3;
const TRAP_FLAG = 0x100;

function form(text: string): Form {
  const found = integerForms.find((candidate) => candidate.text === text);
  if (!found) {
    throw new Error(`no form "${text}"`);
  }
  return found;
}

const movImmediate = form("mov b8 Zv,Iv");
const movByteImmediate = form("mov b0 Zb,Ib");
const pushImmediate = form("push 68 Iz,s");
const strings = integerForms.filter(({ rep }) => rep);
const divisions = [...formsNamed("div"), ...formsNamed("idiv")];
const byCl = integerForms.filter(({ text }) => text.includes("cl"));
const exchanges = [...formsNamed("cmpxchg"), ...formsNamed("cmpxchg8b")];
/** Instructions that rarely fault and leave few flags undefined. */
export const simple = ["add", "sub", "and", "or", "xor", "mov", "lea", "inc", "dec", "movzx", "cmp", "test"].flatMap(
  formsNamed,
);
const registerForms = simple.filter(({ operands }) => operands.every(({ kind }) => kind !== "O"));
const flagReaders = integerForms.filter(({ name }) => /^(set|cmov)|^(adc|sbb|rcl|rcr|lahf|cmc)$/.test(name));
/** Instructions that define all flags that they write. */
export const flagWriters = ["add", "sub", "cmp", "neg", "adc", "sbb", "inc", "dec", "xadd"].flatMap(formsNamed);

/** One or two instructions that touch no stack and do not branch. */
function body(draft: Draft): void {
  const length = 1 + draft.random.below(2);
  for (let i = 0; i < length; i++) {
    emit(draft, draft.random.pick(simple));
  }
}

/** As `body`, and leaves memory alone: a return address stands there. */
function registerBody(draft: Draft): void {
  const length = 1 + draft.random.below(2);
  for (let i = 0; i < length; i++) {
    emit(draft, draft.random.pick(registerForms), { forceMemory: false });
  }
}

/** A body that does not write `register`, so that a loop which counts with it ends. */
function bodyWithout(draft: Draft, register: number): void {
  const start = draft.bytes.length;
  do {
    draft.bytes.length = start;
    draft.written = 0;
    body(draft);
  } while (draft.written & (1 << register));
}

/** Writes `opcode` with a displacement that skips what `write` appends. */
export function forward(draft: Draft, opcode: readonly number[], size: "short" | "near", write: () => void): void {
  draft.bytes.push(...opcode);
  const at = draft.bytes.length;
  pushNumber(draft.bytes, 0, size === "short" ? 8 : nearBits(draft));
  const after = draft.bytes.length;
  write();
  const displacement = draft.bytes.length - after;
  draft.bytes[at] = displacement & 0xff;
  if (size === "near") {
    draft.bytes[at + 1] = displacement >>> 8;
  }
}

function jump(draft: Draft, write: () => void): void {
  if (draft.random.chance(50)) {
    forward(draft, [0xeb], "short", write);
  } else {
    forward(draft, [0xe9], "near", write);
  }
}

const jumpable = {
  16: [0, 1, 2, 3, 6, 7],
  32: [0, 1, 2, 3, 6, 7],
  64: [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
};

/** Puts the address of what follows `between` in a register: `lea reg, [rip + n]`, or `mov reg, n`. */
function addressForward(draft: Draft, between: (register: number) => void): void {
  const register = draft.random.pick(jumpable[draft.code]);
  forget(draft, register);
  if (draft.code === 64) {
    forward(draft, [register & 8 ? 0x4c : 0x48, 0x8d, ((register & 7) << 3) | 5], "near", () => between(register));
    return;
  }
  draft.bytes.push(0xb8 | register);
  const at = draft.bytes.length;
  pushNear(draft, 0);
  between(register);
  const address: number[] = [];
  pushNumber(address, draft.base + draft.bytes.length, nearBits(draft));
  draft.bytes.splice(at, address.length, ...address);
}

export const integerUnits: readonly Unit[] = [
  missing,
  vexOrMissing,
  {
    name: "instruction of 14 to 16 bytes, of which 15 are allowed",
    write(draft) {
      const { random } = draft;
      const register = random.below(4);
      const add = [...(draft.code === 64 ? [0x48] : []), 0x81, 0xc0 | register];
      for (let rest = 14 + random.below(3) - add.length - nearBits(draft) / 8; rest > 0; rest--) {
        draft.bytes.push(random.pick(segmentOverrides));
      }
      draft.bytes.push(...add);
      pushNear(draft, random.below(256));
      forget(draft, register);
    },
  },
  {
    name: "shift by a count that is known",
    write(draft) {
      const count = draft.random.below(draft.random.chance(80) ? 34 : 256);
      emit(draft, draft.random.chance(50) ? movImmediate : movByteImmediate, { register: RCX, immediate: count });
      emit(draft, draft.random.pick(byCl));
    },
  },
  {
    name: "division with a dividend that fits",
    write(draft) {
      const { random } = draft;
      const bits = random.pick([16, 32, 64]);
      if (random.chance(50)) {
        emit(draft, movImmediate, { bits: 64, register: 2, immediate: random.below(3) });
        draft.bytes.splice(draft.bytes.length - 4, 4, 0, 0, 0, 0);
      } else {
        emit(draft, form("cwd 99 dx,v"), { bits });
      }
      emit(draft, random.pick(divisions.filter(({ size }) => size === "v")), { bits });
    },
  },
  {
    name: "division of a small byte dividend",
    write(draft) {
      emit(draft, form("movzx 0fb6 Gv,Eb"), { bits: 32 });
      emit(draft, movImmediate, { bits: 16, register: RAX, immediate: draft.random.below(512) });
      emit(draft, draft.random.pick(divisions.filter(({ size }) => size === "b")));
    },
  },
  {
    name: "repeated string operation",
    write(draft) {
      const { random } = draft;
      if (random.chance(25)) {
        draft.bytes.push(0xfd);
      } else if (random.chance(60)) {
        draft.bytes.push(0xfc);
      }
      emit(draft, movImmediate, { bits: 32, register: RCX, immediate: random.below(20) });
      emit(draft, random.pick(strings), { rep: random.pick([REPNE, REPE, REPE]) });
    },
  },
  {
    name: "repeated string operation with whatever count there is",
    write(draft) {
      emit(draft, draft.random.pick(strings), { rep: draft.random.pick([REPNE, REPE]) });
    },
  },
  {
    name: "conditional jump",
    write(draft) {
      const { random } = draft;
      emit(draft, random.pick(flagWriters));
      const condition = random.below(16);
      if (random.chance(60)) {
        forward(draft, [0x70 | condition], "short", () => body(draft));
      } else {
        forward(draft, [0x0f, 0x80 | condition], "near", () => body(draft));
      }
    },
  },
  {
    name: "flags of one instruction read by another",
    write(draft) {
      emit(draft, draft.random.pick(flagWriters));
      emit(draft, draft.random.pick(flagReaders));
      if (draft.random.chance(50)) {
        emit(draft, draft.random.pick(flagReaders));
      }
    },
  },
  {
    name: "jump when rcx is zero",
    write(draft) {
      const { random } = draft;
      const prefix = random.chance(30) ? [0x67] : [];
      if (random.chance(50)) {
        emit(draft, movImmediate, { register: RCX, immediate: random.below(2) });
      }
      forward(draft, [...prefix, random.pick([0xe0, 0xe1, 0xe2, 0xe3])], "short", () => body(draft));
    },
  },
  {
    name: "loop",
    write(draft) {
      const { random } = draft;
      emit(draft, movImmediate, { bits: 32, register: RCX, immediate: 1 + random.below(5) });
      const top = draft.bytes.length;
      bodyWithout(draft, RCX);
      draft.bytes.push(random.pick([0xe0, 0xe1, 0xe2]));
      draft.bytes.push((top - draft.bytes.length - 1) & 0xff);
    },
  },
  {
    name: "loop with a conditional jump backward",
    write(draft) {
      const { random } = draft;
      const register = random.pick([0, 1, 2, 3, 6, 7]);
      emit(draft, movImmediate, { bits: 32, register, immediate: 1 + random.below(6) });
      const top = draft.bytes.length;
      bodyWithout(draft, register);
      // dec r32; jnz top
      draft.bytes.push(0xff, 0xc8 | register, 0x75);
      draft.bytes.push((top - draft.bytes.length - 1) & 0xff);
    },
  },
  {
    name: "call and return",
    write(draft) {
      const { random } = draft;
      forward(draft, [0xe8], "near", () => {
        body(draft);
        jump(draft, () => {});
      });
      // The jump above goes to the end of the unit, behind the called part.
      const jumpEnd = draft.bytes.length;
      const near = nearBits(draft) / 8;
      registerBody(draft);
      if (random.chance(80)) {
        draft.bytes.push(0xc3);
      } else {
        draft.bytes.push(0xc2, random.below(3) * 8, 0);
      }
      const skipped = draft.bytes.length - jumpEnd;
      if (draft.bytes[jumpEnd - 2] === 0xeb && draft.bytes[jumpEnd - 1] === 0) {
        draft.bytes[jumpEnd - 1] = skipped;
      } else {
        draft.bytes[jumpEnd - near] = skipped;
      }
    },
  },
  {
    name: "indirect jump",
    write(draft) {
      addressForward(draft, (register) => {
        draft.bytes.push(...(register & 8 ? [0x41] : []), 0xff, 0xe0 | (register & 7));
        body(draft);
      });
    },
  },
  {
    name: "indirect call",
    write(draft) {
      addressForward(draft, (register) => {
        draft.bytes.push(...(register & 8 ? [0x41] : []), 0xff, 0xd0 | (register & 7));
        body(draft);
      });
    },
  },
  {
    name: "flags from the stack",
    write(draft) {
      const { random } = draft;
      const immediate = (random.u32() & (ALL_FLAGS | 0x20_0000)) | (random.chance(15) ? 0x400 : 0) | 0x202;
      emit(draft, pushImmediate, { bits: draft.code, immediate });
      draft.bytes.push(0x9d);
    },
  },
  {
    name: "frame that reaches below the data",
    write(draft) {
      // enter n, 0
      draft.bytes.push(0xc8);
      pushNumber(draft.bytes, 0xf00 + draft.random.below(0x200), 16);
      draft.bytes.push(0);
      forget(draft, RBP);
    },
  },
  {
    name: "single step",
    write(draft) {
      const { random } = draft;
      emit(draft, pushImmediate, { bits: draft.code, immediate: (random.u32() & ALL_FLAGS) | TRAP_FLAG | 0x202 });
      draft.bytes.push(0x9d);
      emit(draft, random.pick(integerForms));
    },
  },
  {
    name: "compare and exchange that finds what it expects",
    write(draft) {
      const { random } = draft;
      const exchange = random.pick(exchanges);
      const bits = exchange.size === "b" ? 8 : random.pick([32, 64]);
      // xor eax, eax; xor edx, edx: half of the words of the window are edges, zero among them
      draft.bytes.push(0x31, 0xc0, 0x31, 0xd2);
      forget(draft, 0);
      forget(draft, 2);
      emit(draft, exchange, { bits, forceMemory: true });
    },
  },
  {
    name: "frame",
    write(draft) {
      // push rbp; mov rbp, rsp; ...; leave
      draft.bytes.push(0x55, ...(draft.code === 64 ? [0x48] : []), 0x89, 0xe5);
      draft.pointers |= 1 << 5;
      body(draft);
      draft.bytes.push(0xc9);
    },
  },
];
