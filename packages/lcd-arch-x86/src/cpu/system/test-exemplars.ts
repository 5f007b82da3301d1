import { Code, CodeExt, CpuidFeature, Decoder, DecoderOptions, EncodingKind, OpKind } from "iced-x86";
import { Instruction } from "../instruction";
import type { Site, SiteCause } from "../ir";
import { BlockBuilder } from "../lift/builder";
import { liftInstruction } from "../lift/index";
import { INVALID_OPCODE } from "../lift/system";

/** For tests: an encoding of each instruction that the decoder knows, and what the processor does with it. */
export interface Exemplar {
  name: string;
  /** CPUID features that iced-x86 says it needs, by iced's names. */
  features: readonly string[];
  bytes: readonly number[];
  /** VEX, EVEX, XOP and 3DNow! are encodings of their own. */
  legacy: boolean;
  /** Operand 0 is in memory. */
  toMemory: boolean;
  /** Names of what `cpu/system/` is asked to execute. */
  operations: readonly string[];
  /** #UD, whatever the processor's state is. */
  undefined: boolean;
}

const prefixes = [[], [0x66], [0xf3], [0xf2], [0x67], [0x66, 0xf3], [0x66, 0xf2]] as const;
const maps = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]] as const;
/** VEX of two bytes with each of its prefixes, VEX of three bytes with the maps of BMI, EVEX and XOP. */
const vectorPrefixes = [
  ...[0xf8, 0xf9, 0xfa, 0xfb].map((pp) => [0xc5, pp]),
  ...[0xe1, 0xe2, 0xe3].flatMap((map) => [0x78, 0x79, 0x7a, 0x7b, 0xf8, 0xf9, 0xfa, 0xfb].map((pp) => [0xc4, map, pp])),
  [0x62, 0xf1, 0x7c, 0x48],
  ...[0xe8, 0xe9, 0xea].map((map) => [0x8f, map, 0x78]),
];

/** ModRM bytes: each opcode extension with memory, and with each register. */
const modrms: readonly number[] = Array.from({ length: 8 }, (_, reg) => reg << 3).flatMap((reg) => [
  reg,
  ...Array.from({ length: 8 }, (_, rm) => 0xc0 | reg | rm),
]);

const MAX_LENGTH = 15;

/**
 * Finds, by trying, an encoding for each `Code` of iced-x86 that one to four opcode bytes and a ModRM byte can make.
 *
 * @param first a prefix that each of them is to begin with
 */
export function exemplars(bitness: 16 | 32 | 64, mode: number, first: readonly number[] = []): readonly Exemplar[] {
  const found = new Map<Code, Exemplar>();
  const rex = bitness === 64 ? [[], [0x48]] : [[]];
  const heads = prefixes.flatMap((prefix) => rex.flatMap((r) => maps.map((map) => [...prefix, ...r, ...map])));
  for (const head of [...heads, ...vectorPrefixes]) {
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const modrm of modrms) {
        tryOut(bitness, mode, [...first, ...head, opcode, modrm], found);
      }
    }
  }
  return [...found.values()];
}

function tryOut(bitness: number, mode: number, start: readonly number[], found: Map<Code, Exemplar>): void {
  const bytes = new Uint8Array(MAX_LENGTH);
  bytes.set(start);
  const decoder = new Decoder(bitness, bytes, DecoderOptions.None);
  const iced = decoder.decode();
  const { code } = iced;
  if (code !== Code.INVALID && !found.has(code)) {
    const information = CodeExt.opCode(code);
    const lifted = lift(new Instruction(iced), mode);
    found.set(code, {
      name: Code[code],
      features: Array.from(iced.cpuidFeatures(), (feature) => CpuidFeature[feature]),
      bytes: [...bytes.subarray(0, iced.length)],
      toMemory: iced.opCount > 0 && iced.opKind(0) === OpKind.Memory,
      legacy: information.encoding === EncodingKind.Legacy,
      operations: lifted.flatMap((cause) => (cause.kind === "system" ? [cause.operation] : [])),
      undefined: lifted.length === 1 && isInvalidOpcode(lifted[0]),
    });
    information.free();
  }
  iced.free();
  decoder.free();
}

const isInvalidOpcode = (cause: SiteCause): boolean => cause.kind === "exception" && cause.vector === INVALID_OPCODE;

/** The ways in which an instruction can stop. */
function lift(instruction: Instruction, mode: number): SiteCause[] {
  const sites: Site[] = [];
  const builder = new BlockBuilder(sites, { mode, base: 0, limit: 0xffffffff });
  builder.beginInstruction(0x1000n, instruction.length, 0);
  liftInstruction(builder, instruction);
  return sites.map(({ cause }) => cause);
}
