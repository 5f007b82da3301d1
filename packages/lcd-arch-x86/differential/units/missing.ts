import { type Draft, forget } from "../draft";
import type { Unit } from "./unit";

/** Encodings that 64-bit mode does not have (SDM 2D, Appendix A), each with the bytes that it would need. */
const missingIn64: readonly (readonly number[])[] = [
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
];

/** Encodings that no mode has. */
const missingEverywhere: readonly (readonly number[])[] = [
  // LOCK before what cannot be locked, or has no destination in memory
  [0xf0, 0x90],
  [0xf0, 0x01, 0xc8],
  [0xf0, 0x03, 0x06],
  [0xf0, 0x39, 0x06],
  [0xf0, 0x89, 0x06],
  [0xf0, 0xa4],
  [0xf0, 0xc3],
  [0xf0, 0x0f, 0xa3, 0x06],
  [0xf0, 0x0f, 0xbc, 0xc1],
  // LEA and MOVNTI of a register
  [0x8d, 0xc1],
  [0x0f, 0xc3, 0xc1],
  [0x0f, 0x04],
  [0x0f, 0x0a],
  [0x0f, 0x0c],
  [0x0f, 0x36],
  [0x0f, 0xb9, 0xc1],
  [0x0f, 0xc7, 0xc8],
  [0xfe, 0xd0],
  [0xff, 0xf8],
];

export const missing: Unit = {
  name: "encoding that does not exist",
  write({ bytes, code, random }: Draft) {
    bytes.push(...random.pick(code === 64 ? [...missingIn64, ...missingEverywhere] : missingEverywhere));
  },
};

const VEX = 0xc4;
/** Opcodes of BMI1 and BMI2 in the maps 0F 38 and 0F 3A, and of no other VEX instructions. */
const vexOpcodes = [
  [2, 0xf2],
  [2, 0xf3],
  [2, 0xf5],
  [2, 0xf6],
  [2, 0xf7],
  [3, 0xf0],
] as const;
/** Prefixes that VEX must not have, REX among them, which other modes do not have. */
const refused = [0x66, 0xf0, 0xf2, 0xf3, 0x26, 0x48];

export const vexOrMissing: Unit = {
  name: "VEX with fields at random: often an encoding that does not exist",
  write(draft) {
    const { bytes, code, random } = draft;
    const [map, opcode] = random.pick(vexOpcodes);
    // RXB and VEX.vvvv are inverted; RX of zeros are not VEX in other modes.
    const extended = code === 64 ? random.below(8) << 5 : 0xc0 | (random.below(2) << 5);
    const rest = (random.u32() & 0xf8) | (random.chance(20) ? 4 : 0) | random.below(4);
    const modrm = 0xc0 | random.below(64);
    if (random.chance(20)) {
      bytes.push(random.pick(code === 64 ? refused : refused.slice(0, -1)));
    }
    bytes.push(VEX, extended | map, random.chance(30) ? rest | 0x78 : rest, opcode, modrm, ...(map === 3 ? [7] : []));
    for (const register of [(modrm >> 3) & 7, (~rest >> 3) & 15]) {
      forget(draft, register);
      forget(draft, register ^ 8);
    }
  },
};
