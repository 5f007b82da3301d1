import type { Form, Operand } from "./forms";
import { Layout } from "./layout";
import type { Random } from "./random";

/** A case while it is being written: its bytes so far and what is known of the registers. */
export interface Draft {
  readonly random: Random;
  readonly bytes: number[];
  /** Address of the first byte. */
  readonly base: number;
  /** Registers believed to hold an address in the window, one bit each. */
  pointers: number;
  /** Registers believed to hold a small number. */
  smalls: number;
  /** Registers that may have been written, since the writer of a sequence last cleared it. */
  written: number;
}

/** What the caller decides; the rest is random. */
export interface EncodeOptions {
  readonly lock?: boolean;
  /** 0xf2 or 0xf3. */
  readonly rep?: number;
  /** Which operand size: 8, 16, 32 or 64. */
  readonly bits?: number;
  readonly immediate?: number;
  /** Register for the E or Z operand. */
  readonly register?: number;
  readonly forceMemory?: boolean;
  readonly plain?: boolean;
}

const RSP = 4;
/** ES, CS, SS and DS: without effect in 64-bit mode. */
export const segmentOverrides = [0x26, 0x2e, 0x36, 0x3e];
const GS = 0x65;

interface Parts {
  readonly prefixes: number[];
  rex: number;
  readonly body: number[];
  /** Where in `body` a displacement relative to RIP lies, and the address it is to reach. */
  ripAt: number;
  ripTarget: number;
}

/** Appends one instruction of this form, with random operands. */
export function emit(draft: Draft, form: Form, options: EncodeOptions = {}): void {
  const { random } = draft;
  const bits = options.bits ?? pickBits(form, random);
  const parts: Parts = { prefixes: [], rex: 0, body: [], ripAt: -1, ripTarget: 0 };
  if (bits === 16) {
    parts.prefixes.push(0x66);
  }
  if (bits === 64 && form.size !== "s") {
    parts.rex |= 0x48;
  }
  const opcode = [...form.opcode];
  const written: number[] = [];
  let locked = options.lock ?? false;

  const modrm = form.operands.find(({ kind }) => kind === "E" || kind === "M" || kind === "R");
  const reg = form.operands.find(({ kind }) => kind === "G");
  const encoded = form.operands.find(({ kind }) => kind === "Z");
  if (encoded) {
    const number = options.register ?? pickRegister(draft, form.name !== "push");
    opcode[opcode.length - 1] |= number & 7;
    parts.rex |= number & 8 ? 0x41 : 0;
    written.push(registerWritten(encoded, number, parts.rex));
  }
  if (modrm || form.digit !== null) {
    const field = form.digit ?? pickRegister(draft, true);
    if (form.digit === null && field & 8) {
      parts.rex |= 0x44;
    }
    const memory = modrm?.kind === "M" || (modrm?.kind === "E" && (options.forceMemory ?? random.chance(50)));
    if (memory && options.register === undefined) {
      memoryOperand(draft, parts, field & 7);
      locked ||= form.lock && !options.plain && random.chance(25);
    } else {
      const number = options.register ?? pickRegister(draft, form.operands[0] === modrm);
      parts.rex |= number & 8 ? 0x41 : 0;
      parts.body.push(0xc0 | ((field & 7) << 3) | (number & 7));
      locked = false;
      if (modrm) {
        written.push(registerWritten(modrm, number, parts.rex));
      }
    }
    if (reg) {
      written.push(registerWritten(reg, field, parts.rex));
    }
  }
  for (const operand of form.operands) {
    appendImmediate(draft, parts, operand, bits, options.immediate);
  }
  finish(draft, form, parts, opcode, locked, options);
  for (const number of written) {
    forget(draft, number);
  }
  forgetImplicit(draft, form);
}

/** No longer counts on the value of a register. */
export function forget(draft: Draft, register: number): void {
  draft.written |= 1 << register;
  draft.pointers &= ~(1 << register);
  draft.smalls &= ~(1 << register);
}

function pickBits(form: Form, random: Random): number {
  switch (form.size) {
    case "v":
      return random.pick([16, 32, 32, 32, 64, 64, 64]);
    case "y":
      return random.pick([32, 64]);
    case "s":
      return random.chance(12) ? 16 : 64;
    default:
      return 8;
  }
}

function pickRegister(draft: Draft, destination: boolean): number {
  const number = draft.random.below(16);
  return number === RSP && destination && !draft.random.chance(5) ? 0 : number;
}

/** Without REX the byte registers 4 to 7 are AH, CH, DH and BH. */
function registerWritten(operand: Operand, number: number, rex: number): number {
  return operand.size === "b" && rex === 0 && number >= 4 && number < 8 ? number - 4 : number;
}

const implicit: Record<string, readonly number[]> = {
  mul: [0, 2],
  div: [0, 2],
  idiv: [0, 2],
  cwd: [2],
  cbw: [0],
  lahf: [0],
  cmpxchg: [0],
  cmpxchg8b: [0, 2],
  xlat: [0],
  lods: [0],
};

function forgetImplicit(draft: Draft, form: Form): void {
  const written = form.name === "imul" && form.digit !== null ? [0, 2] : (implicit[form.name] ?? []);
  for (const register of written) {
    forget(draft, register);
  }
  if (form.operands.length < 2 && form.opcode.length === 1 && (form.opcode[0] & 0xc6) === 0x04) {
    forget(draft, 0);
  }
}

function push32(body: number[], value: number): void {
  body.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

const interesting = [0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000, 31, 32, 63, 64];

function appendImmediate(draft: Draft, parts: Parts, operand: Operand, bits: number, chosen?: number): void {
  const { random } = draft;
  if (operand.kind === "O") {
    memoryOffset(draft, parts);
    return;
  }
  if (operand.kind !== "I") {
    return;
  }
  const value = chosen ?? (random.chance(50) ? random.pick(interesting) : random.u32());
  switch (operand.size) {
    case "b":
      parts.body.push(value & 0xff);
      break;
    case "l":
      // The nesting level of ENTER: its low five bits count.
      parts.body.push(random.chance(70) ? 0 : random.below(3) | (random.chance(20) ? 0x20 : 0));
      break;
    case "w":
      parts.body.push((chosen ?? random.below(48)) & 0xff, 0);
      break;
    case "z":
      pushWord(parts.body, value, bits);
      break;
    case "v":
      pushWord(parts.body, value, bits);
      if (bits === 64) {
        push32(parts.body, random.pick([0, -1, value >> 31, random.u32()]));
      }
  }
}

function pushWord(body: number[], value: number, bits: number): void {
  if (bits === 16) {
    body.push(value & 0xff, (value >>> 8) & 0xff);
  } else {
    push32(body, value);
  }
}

function windowAddress(random: Random): number {
  return Layout.windowBase + random.below(Layout.windowSize);
}

function memoryOffset({ random }: Draft, parts: Parts): void {
  push32(parts.body, windowAddress(random));
  if (random.chance(20)) {
    parts.prefixes.push(0x67);
  } else {
    push32(parts.body, 0);
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
function memoryOperand(draft: Draft, parts: Parts, reg: number): void {
  const { random } = draft;
  if (random.chance(8)) {
    parts.prefixes.push(0x67);
  }
  if (random.chance(3)) {
    parts.prefixes.push(random.pick(segmentOverrides));
  }
  const choice = random.below(100);
  const indexes = draft.smalls & ~(1 << RSP);
  if (choice < 12) {
    // [rip + disp32]
    parts.body.push((reg << 3) | 5);
    parts.ripAt = parts.body.length;
    parts.ripTarget = windowAddress(random);
    push32(parts.body, 0);
    return;
  }
  if (choice < 24 || draft.pointers === 0) {
    // [disp32], or [index * scale + disp32], perhaps in GS
    const index = indexes && random.chance(60) ? pickFrom(indexes, random) : RSP;
    const inGs = random.chance(30);
    if (inGs) {
      parts.prefixes.push(GS);
    }
    sib(parts, reg, 0, random.below(4), index, 5);
    push32(parts.body, windowAddress(random) - (inGs ? Layout.gsBase : 0));
    return;
  }
  const base = random.chance(2) ? random.below(16) : pickFrom(draft.pointers, random);
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
  const displacement = random.below(96) - 48;
  if (mode === 1) {
    parts.body.push(displacement & 0xff);
  } else if (mode === 2) {
    push32(parts.body, displacement);
  }
}

function sib(parts: Parts, reg: number, mode: number, scale: number, index: number, base: number): void {
  parts.body.push((mode << 6) | (reg << 3) | 4, (scale << 6) | ((index & 7) << 3) | (base & 7));
  parts.rex |= (index & 8 ? 0x42 : 0) | (base & 8 ? 0x41 : 0);
}

function shuffle(values: number[], random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
}

/** Puts prefixes, REX, opcode and operands together. */
function finish(
  draft: Draft,
  form: Form,
  parts: Parts,
  opcode: readonly number[],
  locked: boolean,
  options: EncodeOptions,
): void {
  const { random } = draft;
  const { prefixes, body } = parts;
  if (locked) {
    prefixes.push(0xf0);
  }
  if (options.rep) {
    prefixes.push(options.rep);
  }
  if (form.prefix !== null) {
    prefixes.push(form.prefix);
  }
  if (random.chance(2)) {
    prefixes.push(random.pick(segmentOverrides));
  }
  shuffle(prefixes, random);
  let { rex } = parts;
  if (rex === 0 && random.chance(form.size === "b" ? 30 : 5)) {
    rex = 0x40;
  }
  if (prefixes.length > 0 && random.chance(4)) {
    // A REX prefix that is not the last prefix is ignored; a prefix that is there twice is as good as one.
    prefixes.unshift(random.chance(50) ? 0x40 | random.below(16) : random.pick(prefixes));
  }
  const head = rex ? [...prefixes, rex, ...opcode] : [...prefixes, ...opcode];
  const end = draft.base + draft.bytes.length + head.length + body.length + form.tail.length;
  if (parts.ripAt >= 0) {
    const displacement: number[] = [];
    push32(displacement, parts.ripTarget - end);
    body.splice(parts.ripAt, 4, ...displacement);
  }
  draft.bytes.push(...head, ...body, ...form.tail);
}
