import type { Random } from "../../random";
import type { FloatRequest, FloatResult } from "./native";
import { random80 } from "./operands";
import { Fxsave, initialState, viewOf } from "./state";

/** Forms of MMX instructions by what follows the opcode: two registers or memory, a byte, a general register. */
type Form = "rm" | "register" | "rm byte" | "register byte" | "shift" | "general" | "from general" | "none" | "memory";

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** Opcodes behind 0F by their form (SDM 2D, "Two-Byte Opcode Map"). */
const forms: readonly (readonly [Form, readonly number[], readonly number[]])[] = [
  ["rm", [], [...range(0x60, 0x6b), 0x6f, 0x74, 0x75, 0x76, 0x7f]],
  [
    "rm",
    [],
    [...range(0xd1, 0xd5), ...range(0xd8, 0xe5), ...range(0xe8, 0xef), ...range(0xf1, 0xf6), ...range(0xf8, 0xfe)],
  ],
  ["rm", [0x38], [...range(0, 0x0b), 0x1c, 0x1d, 0x1e]],
  ["rm byte", [], [0x70]],
  ["rm byte", [0x3a], [0x0f]],
  ["shift", [], [0x71, 0x72, 0x73]],
  ["from general", [], [0x6e, 0x7e]],
  ["register byte", [], [0xc4, 0xc5]],
  ["register", [], [0xd7, 0xf7]],
  ["memory", [], [0xe7]],
  ["none", [], [0x77]],
];

/** Extensions of the shifts by an immediate: logical right, arithmetic right, left. */
const shifts: Readonly<Record<number, readonly number[]>> = { 113: [2, 4, 6], 114: [2, 4, 6], 115: [2, 6] };

/** A case whose whole outcome is compared. */
export interface WholeCase {
  name: string;
  request: FloatRequest;
}

function randomCode(random: Random): number[] {
  if (random.chance(3)) {
    // MOVQ2DQ and MOVDQ2Q
    return [random.pick([0xf3, 0xf2]), 0x0f, 0xd6, 0xc0 | random.below(64)];
  }
  const [form, map, opcodes] = random.pick(forms);
  const opcode = random.pick(opcodes);
  const code = [0x0f, ...map, opcode];
  const registers = 0xc0 | random.below(64);
  const memory = 7 | (random.below(8) << 3);
  const byte = random.chance(60) ? random.below(20) : random.below(256);
  switch (form) {
    case "rm":
      return [...code, random.chance(60) ? registers : memory];
    case "register":
      // PMOVMSKB to EAX.
      return [...code, opcode === 0xd7 ? registers & 0xc7 : registers];
    case "rm byte":
      return [...code, random.chance(60) ? registers : memory, byte];
    case "register byte":
      // PINSRW from EAX, PEXTRW to it.
      return [...code, opcode === 0xc4 ? registers & 0xf8 : registers & 0xc7, byte];
    case "shift":
      return [...code, 0xc0 | (random.pick(shifts[opcode] ?? []) << 3) | random.below(8), byte];
    case "from general": {
      const wide = random.chance(50) ? [0x48] : [];
      return [...wide, ...code, random.chance(60) ? registers & 0xf8 : memory];
    }
    case "memory":
      return [...code, memory];
    default:
      return code;
  }
}

/** 64 bits in which elements are often at the ends of their ranges, or equal. */
function randomElements(random: Random): bigint {
  const element = (): bigint => BigInt(random.pick([0, 0x7f, 0x80, 0xff, 1, random.below(256), random.below(256)]));
  let value = 0n;
  if (random.chance(50)) {
    for (let byte = 0; byte < 8; byte++) {
      value = (value << 8n) | element();
    }
    return value;
  }
  const words = [0n, 0x7fffn, 0x8000n, 0xffffn, BigInt(random.below(0x10000)), BigInt(random.below(20))];
  for (let word = 0; word < 4; word++) {
    value = (value << 16n) | random.pick(words);
  }
  return random.chance(15) ? BigInt(random.below(70)) : value;
}

export function randomMmxCase(random: Random): WholeCase {
  const code = randomCode(random);
  const state = initialState();
  const view = viewOf(state);
  const masks = random.chance(95) ? 0x3f : random.below(64);
  view.setUint16(Fxsave.controlWord, 0x340 | masks, true);
  const flags = random.chance(90) ? 0 : random.below(64);
  const pending = (flags & ~masks) !== 0 ? 0x8080 : 0;
  view.setUint16(Fxsave.statusWord, flags | pending | (random.below(0x10000) & 0x7f00), true);
  view.setUint8(Fxsave.tags, random.below(256));
  for (let register = 0; register < 8; register++) {
    const at = Fxsave.st + register * 16;
    view.setBigUint64(at, randomElements(random), true);
    view.setUint16(at + 8, Number(random80(random) >> 64n), true);
  }
  for (let at: number = Fxsave.xmm; at < Fxsave.xmm + 256; at += 8) {
    view.setBigUint64(at, randomElements(random), true);
  }
  const memory = new Uint8Array(128).fill(0xa5);
  viewOf(memory).setBigUint64(0, randomElements(random), true);
  const request = { code, rax: randomElements(random), rflags: 2, memory, state };
  return { name: nameOf(code), request };
}

/** The opcode, and where ModRM extends it, the extension. */
function nameOf(code: readonly number[]): string {
  const start = code.indexOf(0x0f);
  const modRm = start + (code[start + 1] === 0x38 || code[start + 1] === 0x3a ? 3 : 2);
  const name = code.slice(0, modRm).map((byte) => byte.toString(16).padStart(2, "0"));
  const extended = shifts[code[start + 1]] !== undefined;
  return extended ? `${name.join(" ")} /${(code[modRm] >> 3) & 7}` : name.join(" ");
}

/** What an instruction leaves, but for the x87 pointers, as text. */
export function wholeOutcome({ vector, rax, memory, state }: FloatResult): string[] {
  const bytes = (from: number, to: number): string => Buffer.from(state.subarray(from, to)).toString("hex");
  return [
    `vector ${vector} control and status ${bytes(0, 4)} tags ${bytes(4, 5)} rax ${rax.toString(16)}`,
    `memory ${Buffer.from(memory.subarray(0, 16)).toString("hex")}`,
    ...Array.from({ length: 8 }, (_, i) => `st${i} ${bytes(Fxsave.st + i * 16, Fxsave.st + i * 16 + 10)}`),
    ...Array.from({ length: 8 }, (_, i) => `xmm${i} ${bytes(Fxsave.xmm + i * 16, Fxsave.xmm + i * 16 + 16)}`),
  ];
}
