import { Decoder, DecoderOptions, FastFormatter, Instruction } from "iced-x86";

/** The general-purpose registers in the order in which instructions encode them. */
export const gprNames = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");

/** Code as assembly, one line for each instruction, without the `nop`s that shrinking leaves. */
export function disassemble(code: Uint8Array, address: number): string[] {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const instruction = new Instruction();
  const formatter = new FastFormatter();
  const lines: string[] = [];
  try {
    decoder.ip = BigInt(address);
    for (let offset = 0; offset < code.length; offset += instruction.length) {
      decoder.decodeOut(instruction);
      const bytes = code.subarray(offset, offset + instruction.length);
      if (bytes.length > 1 || bytes[0] !== 0x90) {
        const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
        lines.push(`${(address + offset).toString(16)}  ${digits.padEnd(30)} ${formatter.format(instruction)}`);
      }
    }
    return lines;
  } finally {
    formatter.free();
    instruction.free();
    decoder.free();
  }
}
