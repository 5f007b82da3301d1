import { memoryOffset, memoryOperand, type Parts, segmentOverrides } from "./address-operand";
import { type Draft, forget, pushNumber } from "./draft";
import type { Form, Operand } from "./forms/index";
import type { Random } from "./random";

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
const OPERAND_SIZE = 0x66;

/** Appends one instruction of this form, with random operands. */
export function emit(draft: Draft, form: Form, options: EncodeOptions = {}): void {
  const { random } = draft;
  const bits = Math.min(options.bits ?? pickBits(form, draft), Math.max(draft.code, 32));
  const parts: Parts = { prefixes: [], rex: 0, body: [], vvvv: 0, ripAt: -1, ripTarget: 0 };
  // Of what is never of 16 bits, only BSWAP asks for the prefix in 16-bit code.
  const fixed = form.size === "y" && form.operands[0].kind !== "Z";
  if (bits !== 8 && !fixed && (bits === 16) !== (draft.code === 16)) {
    parts.prefixes.push(OPERAND_SIZE);
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
  const third = form.operands.find(({ kind }) => kind === "B");
  if (encoded) {
    const number = options.register ?? pickRegister(draft, form.name !== "push");
    opcode[opcode.length - 1] |= number & 7;
    parts.rex |= number & 8 ? 0x41 : 0;
    if (encoded.general) {
      written.push(registerWritten(encoded, number, parts.rex));
    }
  }
  if (third) {
    parts.vvvv = pickRegister(draft, true);
    written.push(parts.vvvv);
  }
  if (modrm || form.digit !== null) {
    const field = form.digit ?? pickRegister(draft, reg?.general ?? true);
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
      if (modrm?.general) {
        written.push(registerWritten(modrm, number, parts.rex));
      }
    }
    if (reg?.general) {
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

function pickBits(form: Form, { random, code }: Draft): number {
  switch (form.size) {
    case "v":
      return code === 64 ? random.pick([16, 32, 32, 32, 64, 64, 64]) : random.pick([16, 32, code]);
    case "y":
      return code === 64 ? random.pick([32, 64]) : 32;
    case "s":
      return random.chance(12) ? (code === 16 ? 32 : 16) : code;
    default:
      return 8;
  }
}

function pickRegister(draft: Draft, destination: boolean): number {
  const number = draft.random.below(draft.code === 64 ? 16 : 8);
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
  popa: [0, 1, 2, 3, 5, 6, 7],
  aaa: [0],
  aas: [0],
  daa: [0],
  das: [0],
  aam: [0],
  aad: [0],
  salc: [0],
  fnstsw: [0],
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
      pushNumber(parts.body, value, bits === 16 ? 16 : 32);
      break;
    case "v":
      pushNumber(parts.body, value, bits === 16 ? 16 : 32);
      if (bits === 64) {
        pushNumber(parts.body, random.pick([0, -1, value >> 31, random.u32()]), 32);
      }
  }
}

function shuffle(values: number[], random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [values[i], values[j]] = [values[j], values[i]];
  }
}

const VEX = 0xc4;
/** VEX.pp for each prefix that it implies. */
const implied = new Map([
  [null, 0],
  [0x66, 1],
  [0xf3, 2],
  [0xf2, 3],
]);
const maps = new Map([
  [0x38, 2],
  [0x3a, 3],
]);

/** VEX of three bytes and the opcode behind its 0F 38 or 0F 3A (SDM 2A, "Instruction Prefix: VEX"). */
function vexEncoded({ prefix }: Form, { rex, vvvv }: Parts, [, map, opcode]: readonly number[]): number[] {
  const inverted = (~rex & 7) << 5;
  const last = ((rex & 8) << 4) | ((~vvvv & 15) << 3);
  return [VEX, inverted | (maps.get(map) ?? 0), last | (implied.get(prefix) ?? 0), opcode];
}

/** Puts prefixes, REX or VEX, opcode and operands together. */
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
  if (form.prefix !== null && !form.vex) {
    prefixes.push(form.prefix);
  }
  if (random.chance(draft.code === 64 ? 2 : 6)) {
    prefixes.push(random.pick(segmentOverrides));
  }
  shuffle(prefixes, random);
  let { rex } = parts;
  if (draft.code === 64 && rex === 0 && !form.vex && random.chance(form.size === "b" ? 30 : 5)) {
    rex = 0x40;
  }
  if (prefixes.length > 0 && random.chance(4)) {
    // A REX prefix that is not the last prefix is ignored; a prefix that is there twice is as good as one.
    const ignored = draft.code === 64 && random.chance(50);
    prefixes.unshift(ignored ? 0x40 | random.below(16) : random.pick(prefixes));
  }
  const head = [...prefixes, ...(form.vex ? vexEncoded(form, parts, opcode) : rex ? [rex, ...opcode] : opcode)];
  const end = draft.base + draft.bytes.length + head.length + body.length + form.tail.length;
  if (parts.ripAt >= 0) {
    const displacement: number[] = [];
    pushNumber(displacement, parts.ripTarget - end, 32);
    body.splice(parts.ripAt, 4, ...displacement);
  }
  draft.bytes.push(...head, ...body, ...form.tail);
}
