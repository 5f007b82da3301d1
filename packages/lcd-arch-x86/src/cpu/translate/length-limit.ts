import { Decoder, DecoderOptions } from "iced-x86";

/** Longest instruction in bytes; a longer one raises #GP(0) (SDM 3B, "Exceeding Instruction-Length Limit"). */
export const MAX_LENGTH = 15;

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const repeats: ReadonlySet<number> = new Set([0xf2, 0xf3]);
/** LOCK and the segment overrides: how long an instruction is does not depend on them. */
const others: ReadonlySet<number> = new Set([0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]);

const isRex = (byte: number): boolean => (byte & 0xf0) === 0x40;

/**
 * Whether bytes that the decoder takes for no instruction are one that is too long. To find out, prefixes that are there
 * more than once, and those that do not matter, are left out, and then those that may have made it undefined: what remains
 * shows how long the instruction would be.
 *
 * @param bytes the first MAX_LENGTH
 */
export function exceedsLimit(bytes: Uint8Array, bitness: number): boolean {
  const { kept, opcode } = readPrefixes(bytes, bitness);
  if (opcode === bytes.length) {
    return true;
  }
  const { operandSize, addressSize, repeat, rex } = kept;
  const rest = bytes.subarray(opcode);
  for (const head of [
    [operandSize, addressSize, repeat, rex],
    [operandSize, addressSize, rex],
    [addressSize, rex],
  ]) {
    const prefixes = head.filter((byte) => byte !== 0);
    const length = lengthOf([...prefixes, ...rest], bitness);
    if (length !== null) {
      return opcode + length - prefixes.length > MAX_LENGTH;
    }
  }
  return false;
}

/** The prefixes that decide how long the instruction is, 0 for those that are not there, and where its opcode begins. */
function readPrefixes(bytes: Uint8Array, bitness: number) {
  const kept = { operandSize: 0, addressSize: 0, repeat: 0, rex: 0 };
  let at = 0;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (bitness === 64 && isRex(byte)) {
      kept.rex = byte;
      continue;
    }
    if (byte === OPERAND_SIZE) {
      kept.operandSize = byte;
    } else if (byte === ADDRESS_SIZE) {
      kept.addressSize = byte;
    } else if (repeats.has(byte)) {
      kept.repeat = byte;
    } else if (!others.has(byte)) {
      break;
    }
    // REX counts only right before the opcode.
    kept.rex = 0;
  }
  return { kept, opcode: at };
}

/** Length of the instruction that these bytes begin with, zeros behind them; null when there is none. */
function lengthOf(bytes: readonly number[], bitness: number): number | null {
  const padded = new Uint8Array(bytes.length + MAX_LENGTH);
  padded.set(bytes);
  const decoder = new Decoder(bitness, padded, DecoderOptions.None);
  const instruction = decoder.decode();
  const length = instruction.isInvalid ? null : instruction.length;
  instruction.free();
  decoder.free();
  return length;
}
