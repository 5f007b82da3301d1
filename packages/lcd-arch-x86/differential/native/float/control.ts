import type { Random } from "../../random";
import { type WholeCase, wholeOutcome } from "./mmx";
import type { FloatResult } from "./native";
import { random80 } from "./operands";
import { Fxsave, initialState, viewOf } from "./state";

/** Instructions that move the x87 unit's state, or only look whether an exception is pending; [rdi] is their memory. */
const instructions: readonly (readonly [name: string, ...code: number[]])[] = [
  ["fnstenv", 0xd9, 0x37],
  ["fnstenv 14 bytes", 0x66, 0xd9, 0x37],
  ["fldenv", 0xd9, 0x27],
  ["fldenv 14 bytes", 0x66, 0xd9, 0x27],
  ["fnsave", 0xdd, 0x37],
  ["fnsave 94 bytes", 0x66, 0xdd, 0x37],
  ["frstor", 0xdd, 0x27],
  ["frstor 94 bytes", 0x66, 0xdd, 0x27],
  ["fnstsw", 0xdd, 0x3f],
  ["fnstsw ax", 0xdf, 0xe0],
  ["fnstcw", 0xd9, 0x3f],
  ["fldcw", 0xd9, 0x2f],
  ["fnclex", 0xdb, 0xe2],
  ["fninit", 0xdb, 0xe3],
  ["fwait", 0x9b],
  ["fnop", 0xd9, 0xd0],
  ["fneni", 0xdb, 0xe0],
  ["fndisi", 0xdb, 0xe1],
  ["fnsetpm", 0xdb, 0xe4],
  ["fld1", 0xd9, 0xe8],
  ["fxam", 0xd9, 0xe5],
];

/** Bytes of the pointers in the images: AMD keeps them only while an exception is pending, and so they are left out. */
const pointers: Readonly<Record<string, readonly [from: number, to: number]>> = {
  fnstenv: [12, 28],
  "fnstenv 14 bytes": [6, 14],
  fnsave: [12, 28],
  "fnsave 94 bytes": [6, 14],
};

/** A case with random registers, control and status words, of which the flags can be unmasked; memory is random, too. */
export function randomControlCase(random: Random): WholeCase {
  const [name, ...code] = random.pick(instructions);
  const state = initialState();
  const view = viewOf(state);
  view.setUint16(Fxsave.controlWord, 0x40 | random.below(0x1000), true);
  view.setUint16(Fxsave.statusWord, random.below(0x10000) & (random.chance(50) ? 0x7f00 : 0xffff), true);
  view.setUint8(Fxsave.tags, random.below(256));
  for (let register = 0; register < 8; register++) {
    const value = random80(random);
    view.setBigUint64(Fxsave.st + register * 16, BigInt.asUintN(64, value), true);
    view.setUint16(Fxsave.st + register * 16 + 8, Number(value >> 64n), true);
  }
  const memory = Uint8Array.from({ length: 128 }, (_, at) => (at < 108 ? random.below(256) : 0xa5));
  return { name, request: { code, rax: 0x1234_5678_9abc_def0n, rflags: 2, memory, state } };
}

export function controlOutcome({ name }: WholeCase, result: FloatResult): string[] {
  const memory = Uint8Array.from(result.memory);
  memory.fill(0, ...(pointers[name] ?? [0, 0]));
  return [...wholeOutcome(result), `all memory ${Buffer.from(memory).toString("hex")}`].filter(
    (line) => !line.startsWith("memory"),
  );
}
