import { CpuState, STATE_SIZE } from "../../../src/cpu/state";
import { Fpu, fpuOperations, loadX87, storeX87 } from "../../../src/cpu/x87/index";
import type { Random } from "../../random";
import type { FloatRequest, FloatResult } from "./native";
import { random32, random64, random80, randomInteger } from "./operands";
import { Fxsave, initialState, viewOf } from "./state";

/** What an instruction has in memory: bytes that it reads or writes, and how its operand is made. */
type MemoryKind = "m32" | "m64" | "m80" | "i16" | "i32" | "i64" | "bcd" | "cw";

interface X87Operation {
  /** In `fpuOperations`. */
  name: string;
  /** Opcode, with i to be added to the last byte. */
  code: readonly number[];
  register: boolean;
  memory: MemoryKind | null;
  stores: boolean;
  /** The arithmetic flags are its result. */
  flags: boolean;
}

const bytesOf: Readonly<Record<MemoryKind, number>> = {
  m32: 4,
  m64: 8,
  m80: 10,
  i16: 2,
  i32: 4,
  i64: 8,
  bcd: 10,
  cw: 2,
};

const operations: X87Operation[] = [];
const add = (name: string, code: readonly number[], more: Partial<X87Operation> = {}): void => {
  operations.push({ name, code, register: false, memory: null, stores: false, flags: false, ...more });
};
const addRegister = (name: string, ...code: number[]): void => add(name, code, { register: true });
const addFlags = (name: string, ...code: number[]): void => add(name, code, { register: true, flags: true });
/** ModRM of [rdi] with an opcode extension. */
const atRdi = (extension: number): number => 7 | (extension << 3);
const addLoad = (name: string, opcode: number, extension: number, memory: MemoryKind): void =>
  add(name, [opcode, atRdi(extension)], { memory });
const addStore = (name: string, opcode: number, extension: number, memory: MemoryKind): void =>
  add(name, [opcode, atRdi(extension)], { memory, stores: true });

["add", "mul", "sub", "subr", "div", "divr"].forEach((name, at) => {
  const extension = at < 2 ? at : at + 2;
  // The forms with ST(i) as their destination have SUB and SUBR, DIV and DIVR the other way round.
  const swapped = extension < 4 ? extension : extension ^ 1;
  addRegister(`${name} top`, 0xd8, 0xc0 | (extension << 3));
  addRegister(`${name} sti`, 0xdc, 0xc0 | (swapped << 3));
  addRegister(`${name} pop`, 0xde, 0xc0 | (swapped << 3));
});
for (const [opcode, memory] of [
  [0xd8, "m32"],
  [0xda, "i32"],
  [0xdc, "m64"],
  [0xde, "i16"],
] as const) {
  ["add", "mul", "com", "comp", "sub", "subr", "div", "divr"].forEach((name, extension) => {
    addLoad(`${name} ${memory}`, opcode, extension, memory);
  });
}
for (const [opcode, extension, memory] of [
  [0xd9, 0, "m32"],
  [0xdd, 0, "m64"],
  [0xdb, 5, "m80"],
  [0xdf, 0, "i16"],
  [0xdb, 0, "i32"],
  [0xdf, 5, "i64"],
  [0xdf, 4, "bcd"],
] as const) {
  addLoad(`ld ${memory}`, opcode, extension, memory);
}
for (const [name, opcode, extension, memory] of [
  ["st", 0xd9, 2, "m32"],
  ["st", 0xdd, 2, "m64"],
  ["st", 0xdf, 2, "i16"],
  ["st", 0xdb, 2, "i32"],
  ["stp", 0xd9, 3, "m32"],
  ["stp", 0xdd, 3, "m64"],
  ["stp", 0xdb, 7, "m80"],
  ["stp", 0xdf, 3, "i16"],
  ["stp", 0xdb, 3, "i32"],
  ["stp", 0xdf, 7, "i64"],
  ["stp", 0xdf, 6, "bcd"],
  ["sttp", 0xdf, 1, "i16"],
  ["sttp", 0xdb, 1, "i32"],
  ["sttp", 0xdd, 1, "i64"],
] as const) {
  addStore(`${name} ${memory}`, opcode, extension, memory);
}
addRegister("ld sti", 0xd9, 0xc0);
addRegister("xch sti", 0xd9, 0xc8);
addRegister("st sti", 0xdd, 0xd0);
addRegister("stp sti", 0xdd, 0xd8);
addRegister("free sti", 0xdd, 0xc0);
addRegister("freep sti", 0xdf, 0xc0);
addRegister("com sti", 0xd8, 0xd0);
addRegister("comp sti", 0xd8, 0xd8);
addRegister("ucom sti", 0xdd, 0xe0);
addRegister("ucomp sti", 0xdd, 0xe8);
add("compp sti", [0xde, 0xd9]);
add("ucompp sti", [0xda, 0xe9]);
addFlags("comi sti", 0xdb, 0xf0);
addFlags("comip sti", 0xdf, 0xf0);
addFlags("ucomi sti", 0xdb, 0xe8);
addFlags("ucomip sti", 0xdf, 0xe8);
// FCMOVE and FCMOVNE, while ZF is clear.
addRegister("cmov sti", 0xda, 0xc8);
addRegister("cmov sti", 0xdb, 0xc8);
// Second encodings that the manual's opcode map leaves open.
addRegister("com sti", 0xdc, 0xd0);
addRegister("comp sti", 0xdc, 0xd8);
addRegister("xch sti", 0xdd, 0xc8);
addRegister("comp sti", 0xde, 0xd0);
addRegister("xch sti", 0xdf, 0xc8);
addRegister("stp sti", 0xdf, 0xd0);
addRegister("stp sti", 0xdf, 0xd8);
addRegister("stpnce sti", 0xd9, 0xd8);
addLoad("ldcw i16", 0xd9, 5, "cw");
add("clex", [0xdb, 0xe2]);
add("init", [0xdb, 0xe3]);
for (const [name, opcode] of [
  ["chs", 0xe0],
  ["abs", 0xe1],
  ["tst", 0xe4],
  ["xam", 0xe5],
  ["ld1", 0xe8],
  ["ldl2t", 0xe9],
  ["ldl2e", 0xea],
  ["ldpi", 0xeb],
  ["ldlg2", 0xec],
  ["ldln2", 0xed],
  ["ldz", 0xee],
  ["2xm1", 0xf0],
  ["yl2x", 0xf1],
  ["ptan", 0xf2],
  ["patan", 0xf3],
  ["xtract", 0xf4],
  ["prem1", 0xf5],
  ["decstp", 0xf6],
  ["incstp", 0xf7],
  ["prem", 0xf8],
  ["yl2xp1", 0xf9],
  ["sqrt", 0xfa],
  ["sincos", 0xfb],
  ["rndint", 0xfc],
  ["scale", 0xfd],
  ["sin", 0xfe],
  ["cos", 0xff],
] as const) {
  add(name, [0xd9, opcode]);
}

/** Every x87 instruction that has no state of its own in memory. */
export const x87Operations: readonly X87Operation[] = operations;

export interface X87Case {
  operation: X87Operation;
  i: number;
  request: FloatRequest;
}

/** A finite number of moderate size, for functions whose interesting arguments are not at the ends of the format. */
function moderate80(random: Random): bigint {
  const value = random80(random);
  const exponent = BigInt(16383 + random.below(140) - 72);
  return (value & (1n << 79n)) | (exponent << 64n) | (1n << 63n) | BigInt.asUintN(63, value);
}

function randomOperand(random: Random, kind: MemoryKind): bigint {
  switch (kind) {
    case "m32":
      return BigInt(random32(random));
    case "m64":
      return random64(random);
    case "m80":
      return random80(random);
    case "i16":
      return BigInt.asUintN(16, randomInteger(random, 16));
    case "i32":
      return BigInt.asUintN(32, randomInteger(random, 32));
    case "i64":
      return BigInt.asUintN(64, randomInteger(random, 64));
    case "cw":
      return BigInt(random.below(0x10000));
    case "bcd": {
      let digits = 0n;
      for (let digit = 0; digit < 18; digit++) {
        digits = digits * 16n + BigInt(random.below(10));
      }
      return (digits >> BigInt(4 * random.below(19))) | (random.chance(50) ? 1n << 79n : 0n);
    }
  }
}

function randomControl(random: Random): number {
  const masks = random.chance(75) ? 0x3f : random.below(64);
  const precision = random.pick([3, 3, 2, 0]);
  return masks | (precision << 8) | (random.below(4) << 10) | 0x40;
}

/** Flags that are set already are masked, so that nothing is pending. */
function randomStatus(random: Random, control: number): number {
  const flags = random.chance(70) ? 0 : random.below(128) & (control | 0x40);
  const conditions = random.below(0x10000) & 0x4700;
  return flags | conditions | (random.below(8) << 11);
}

export function randomX87Case(random: Random, only: string | null): X87Case {
  const choices = only === null ? x87Operations : x87Operations.filter(({ name }) => name.split(" ")[0] === only);
  const operation = random.pick(choices);
  const i = operation.register ? random.below(8) : operation.name.includes("pp ") ? 1 : 0;
  const state = initialState();
  const view = viewOf(state);
  const control = randomControl(random);
  view.setUint16(Fxsave.controlWord, control, true);
  const status = randomStatus(random, control);
  view.setUint16(Fxsave.statusWord, status, true);
  const top = (status >> 11) & 7;
  // Mostly there is what the instruction needs: ST(0) and ST(i) full, ST(7) empty for what pushes.
  let tags = random.chance(85) ? 0x7f : random.below(256);
  tags = ((tags << top) | (tags >>> (8 - top))) & 0xff;
  view.setUint8(Fxsave.tags, tags);
  const make = random.chance(60) ? random80 : moderate80;
  for (let register = 0; register < 8; register++) {
    const value = register > 0 && random.chance(10) ? null : make(random);
    const at = Fxsave.st + register * 16;
    view.setBigUint64(at, value === null ? view.getBigUint64(Fxsave.st, true) : BigInt.asUintN(64, value), true);
    view.setUint16(at + 8, value === null ? view.getUint16(Fxsave.st + 8, true) : Number(value >> 64n), true);
  }
  const memory = new Uint8Array(128).fill(0xa5);
  if (operation.memory !== null) {
    const operand = randomOperand(random, operation.memory);
    for (let byte = 0; byte < bytesOf[operation.memory]; byte++) {
      memory[byte] = Number((operand >> BigInt(byte * 8)) & 0xffn);
    }
  }
  const code = operation.register ? [operation.code[0], operation.code[1] + i] : operation.code;
  return { operation, i, request: { code, rax: 0n, rflags: 2, memory, state } };
}

/** What an x87 instruction leaves; registers as text. */
export interface X87Outcome {
  control: number;
  status: number;
  tags: number;
  registers: string[];
  memory: string;
  flags: number;
}

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");

function outcome(operation: X87Operation, state: Uint8Array, memory: Uint8Array, flags: number): X87Outcome {
  const view = viewOf(state);
  return {
    control: view.getUint16(Fxsave.controlWord, true),
    status: view.getUint16(Fxsave.statusWord, true),
    tags: view.getUint8(Fxsave.tags),
    registers: Array.from({ length: 8 }, (_, i) => {
      const at = Fxsave.st + i * 16;
      return `${hex(view.getUint16(at + 8, true), 4)}:${hex(view.getBigUint64(at, true), 16)}`;
    }),
    memory: Buffer.from(memory.subarray(0, 16)).toString("hex"),
    flags: operation.flags ? flags & 0x8d5 : 0,
  };
}

export const x87Outcome = ({ operation }: X87Case, { state, memory, rflags }: FloatResult): X87Outcome =>
  outcome(operation, state, memory, rflags);

const buffer = new ArrayBuffer(STATE_SIZE);
const cpu = new CpuState(buffer, 0);
const fpu = new Fpu(cpu);

/** Does what translated code does around an operation: operand to the state, operation, result to memory. */
export function x87Expected({ operation, i, request }: X87Case): X87Outcome {
  const state = Uint8Array.from(request.state);
  const memory = Uint8Array.from(request.memory);
  const view = viewOf(memory);
  loadX87(fpu, viewOf(state), true);
  cpu.set64("operand", view.getBigUint64(0, true));
  cpu.set64("operand", BigInt(view.getUint16(8, true)), 1);
  if (operation.name === "cmov sti") {
    cpu.set64("operand", operation.code[0] === 0xdb ? 1n : 0n);
  }
  fpuOperations[operation.name](fpu, i);
  if (operation.stores && operation.memory !== null) {
    const result = new Uint8Array(16);
    viewOf(result).setBigUint64(0, cpu.get64("operand"), true);
    viewOf(result).setBigUint64(8, cpu.get64("operand", 1), true);
    memory.set(result.subarray(0, bytesOf[operation.memory]));
  }
  const flags = operation.flags ? cpu.low("operand") : 0;
  storeX87(fpu, viewOf(state), true);
  return outcome(operation, state, memory, flags);
}
