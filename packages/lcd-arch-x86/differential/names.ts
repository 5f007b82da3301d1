import { Decoder, DecoderOptions, FastFormatter, Instruction, Mnemonic } from "iced-x86";
import type { CodeSize } from "./kinds";

/** The general-purpose registers in the order in which instructions encode them. */
export const gprNames = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

/** One instruction of a case. */
export interface Line {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** As assembly. */
  readonly text: string;
}

const NOP = 0x90;

/** The instructions of a case, without the `nop`s that shrinking leaves; nothing follows one that does not exist. */
export function disassemble(code: Uint8Array, address: number, bits: CodeSize): Line[] {
  const decoder = new Decoder(bits, code, DecoderOptions.None);
  const instruction = new Instruction();
  const formatter = new FastFormatter();
  const lines: Line[] = [];
  try {
    decoder.ip = BigInt(address);
    for (let offset = 0; offset < code.length; offset += instruction.length) {
      decoder.decodeOut(instruction);
      const invalid = instruction.mnemonic === Mnemonic.INVALID;
      const bytes = code.subarray(offset, invalid ? code.length : offset + instruction.length);
      if (bytes.length > 1 || bytes[0] !== NOP) {
        lines.push({ address: address + offset, bytes, text: formatter.format(instruction) });
      }
      if (invalid) {
        break;
      }
    }
    return lines;
  } finally {
    formatter.free();
    instruction.free();
    decoder.free();
  }
}

/** Address, bytes and assembly in columns. */
export function formatLine({ address, bytes, text }: Line): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `${address.toString(16)}  ${digits.padEnd(30)} ${text}`;
}
