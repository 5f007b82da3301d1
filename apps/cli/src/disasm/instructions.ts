import {
  Decoder,
  DecoderOptions,
  FlowControl,
  Formatter,
  FormatterSyntax,
  type Instruction,
  OpKind,
  Register,
} from "iced-x86";

/** One instruction of a listing. */
export interface Line {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Where it jumps or calls to, or what it addresses relative to itself; `null` when it says nothing of the kind. */
  readonly target: bigint | null;
}

/** How assembly is written. */
export const syntaxes = {
  intel: FormatterSyntax.Intel,
  att: FormatterSyntax.Gas,
  masm: FormatterSyntax.Masm,
  nasm: FormatterSyntax.Nasm,
} as const;

export type Syntax = keyof typeof syntaxes;

/** Disassembles 64-bit code that lies at `address`. Bytes that are no instruction show as `(bad)`. */
export function disassemble(bytes: Uint8Array, address: bigint, syntax: Syntax = "intel"): Line[] {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const formatter = new Formatter(syntaxes[syntax]);
  formatter.hexPrefix = "0x";
  formatter.hexSuffix = "";
  formatter.uppercaseHex = false;
  formatter.smallHexNumbersInDecimal = true;
  formatter.spaceAfterOperandSeparator = true;
  formatter.branchLeadingZeros = false;
  formatter.ripRelativeAddresses = false;
  formatter.signedMemoryDisplacements = true;
  try {
    return decodeAll(decoder, formatter, bytes, address);
  } finally {
    formatter.free();
    decoder.free();
  }
}

function decodeAll(decoder: Decoder, formatter: Formatter, bytes: Uint8Array, address: bigint): Line[] {
  const lines: Line[] = [];
  decoder.ip = BigInt.asUintN(64, address);
  while (decoder.canDecode) {
    const at = decoder.position;
    const instruction = decoder.decode();
    lines.push({
      address: instruction.ip,
      bytes: bytes.subarray(at, decoder.position),
      text: formatter.format(instruction),
      target: targetOf(instruction),
    });
    instruction.free();
  }
  return lines;
}

function targetOf(instruction: Instruction): bigint | null {
  if (instruction.isInvalid) return null;
  const { flowControl } = instruction;
  const near = instruction.opCount > 0 && instruction.op0Kind === OpKind.NearBranch64;
  if (near && flowControl !== FlowControl.Next) return instruction.nearBranchTarget;
  return instruction.memoryBase === Register.RIP ? instruction.ipRelMemoryAddress : null;
}

/** `48 89 e5`, padded to `width` bytes. */
export function hexBytes(bytes: Uint8Array, width = 0): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join(" ")
    .padEnd(Math.max(0, width * 3 - 1));
}
