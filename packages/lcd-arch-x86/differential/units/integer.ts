import { type Draft, emit, forget, segmentOverrides } from "./encode";
import { type Form, forms, formsNamed } from "./forms";
import { ALL_FLAGS } from "./undefined";

/** A short sequence that random instructions would hardly ever form. */
export interface Unit {
  readonly name: string;
  write(draft: Draft): void;
}

const RAX = 0;
const RCX = 1;
const REPNE = 0xf2;
const REPE = 0xf3;

function form(text: string): Form {
  const found = forms.find((candidate) => candidate.text === text);
  if (!found) {
    throw new Error(`no form "${text}"`);
  }
  return found;
}

const movImmediate = form("mov b8 Zv,Iv");
const movByteImmediate = form("mov b0 Zb,Ib");
const pushImmediate = form("push 68 Iz,s");
const strings = forms.filter(({ rep }) => rep);
const divisions = [...formsNamed("div"), ...formsNamed("idiv")];
const byCl = forms.filter(({ text }) => text.includes("cl"));
const exchanges = [...formsNamed("cmpxchg"), ...formsNamed("cmpxchg8b")];
/** Instructions that rarely fault and leave few flags undefined. */
export const simple = ["add", "sub", "and", "or", "xor", "mov", "lea", "inc", "dec", "movzx", "cmp", "test"].flatMap(
  formsNamed,
);
const registerForms = simple.filter(({ operands }) => operands.every(({ kind }) => kind !== "O"));
const flagReaders = forms.filter(({ name }) => /^(set|cmov)|^(adc|sbb|rcl|rcr|lahf|cmc)$/.test(name));
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
function forward(draft: Draft, opcode: readonly number[], size: 1 | 4, write: () => void): void {
  draft.bytes.push(...opcode);
  const at = draft.bytes.length;
  draft.bytes.push(...(size === 1 ? [0] : [0, 0, 0, 0]));
  write();
  const displacement = draft.bytes.length - at - size;
  draft.bytes[at] = displacement & 0xff;
  if (size === 4) {
    draft.bytes[at + 1] = displacement >>> 8;
  }
}

function jump(draft: Draft, write: () => void): void {
  if (draft.random.chance(50)) {
    forward(draft, [0xeb], 1, write);
  } else {
    forward(draft, [0xe9], 4, write);
  }
}

/** `lea reg, [rip + n]` to what `write` appends. Returns the register. */
function leaForward(draft: Draft, between: (register: number) => void): void {
  const register = draft.random.pick([0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  forget(draft, register);
  forward(draft, [register & 8 ? 0x4c : 0x48, 0x8d, ((register & 7) << 3) | 5], 4, () => between(register));
}

/** Encodings that 64-bit mode does not have (SDM 2D, Appendix A), each with the bytes that it would need. */
const missing: readonly (readonly number[])[] = [
  [0x06],
  [0x07],
  [0x0e],
  [0x16],
  [0x17],
  [0x1e],
  [0x1f],
  [0x27],
  [0x2f],
  [0x37],
  [0x3f],
  [0x60],
  [0x61],
  [0x82, 0xc0, 0x01],
  [0x9a, 0, 0, 0, 0, 0, 0],
  [0xc6, 0xc8, 0x01],
  [0xc7, 0xd0, 0, 0, 0, 0],
  [0xce],
  [0xd4, 0x0a],
  [0xd5, 0x0a],
  [0xea, 0, 0, 0, 0, 0, 0],
  [0xfe, 0xd0],
  [0xff, 0xf8],
  [0x0f, 0x04],
  [0x0f, 0x0a],
  [0x0f, 0x0c],
  [0x0f, 0x24, 0xc0],
  [0x0f, 0x36],
  [0x0f, 0x39],
  [0x0f, 0xb9, 0xc1],
  [0x0f, 0xba, 0xc0, 0x01],
  [0x0f, 0xc7, 0xc8],
  // LOCK before what cannot be locked, or has no destination in memory
  [0xf0, 0x90],
  [0xf0, 0x01, 0xc8],
  [0xf0, 0x03, 0x06],
  [0xf0, 0x39, 0x06],
  [0xf0, 0x89, 0x06],
  [0xf0, 0xa4],
  [0xf0, 0xc3],
  [0xf0, 0x0f, 0xa3, 0x06],
  [0xf0, 0x48, 0x0f, 0xbc, 0xc1],
  // LEA and MOVNTI of a register
  [0x48, 0x8d, 0xc1],
  [0x0f, 0xc3, 0xc1],
];

export const units: readonly Unit[] = [
  {
    name: "encoding that does not exist",
    write(draft) {
      draft.bytes.push(...draft.random.pick(missing));
    },
  },
  {
    name: "instruction of 14 to 16 bytes, of which 15 are allowed",
    write(draft) {
      const { random } = draft;
      for (let prefixes = 7 + random.below(3); prefixes > 0; prefixes--) {
        draft.bytes.push(random.pick(segmentOverrides));
      }
      const register = random.below(4);
      draft.bytes.push(0x48, 0x81, 0xc0 | register, random.below(256), 0, 0, 0);
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
        forward(draft, [0x70 | condition], 1, () => body(draft));
      } else {
        forward(draft, [0x0f, 0x80 | condition], 4, () => body(draft));
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
      forward(draft, [...prefix, random.pick([0xe0, 0xe1, 0xe2, 0xe3])], 1, () => body(draft));
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
      forward(draft, [0xe8], 4, () => {
        body(draft);
        jump(draft, () => {});
      });
      // The jump above goes to the end of the unit, behind the called part.
      const jumpEnd = draft.bytes.length;
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
        draft.bytes[jumpEnd - 4] = skipped;
      }
    },
  },
  {
    name: "indirect jump",
    write(draft) {
      leaForward(draft, (register) => {
        draft.bytes.push(...(register & 8 ? [0x41] : []), 0xff, 0xe0 | (register & 7));
        body(draft);
      });
    },
  },
  {
    name: "indirect call",
    write(draft) {
      leaForward(draft, (register) => {
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
      emit(draft, pushImmediate, { bits: 64, immediate });
      draft.bytes.push(0x9d);
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
      draft.bytes.push(0x55, 0x48, 0x89, 0xe5);
      draft.pointers |= 1 << 5;
      body(draft);
      draft.bytes.push(0xc9);
    },
  },
];
