import type { Processor } from "../processor";
import { in64BitMode } from "./mode";

/** The linear address of the instruction's memory operand. To be read before memory is accessed, which changes it. */
export const operandAddress = ({ state }: Processor): bigint => state.get64("slowAddress");

/** The linear address `bytes` behind another one: outside 64-bit mode it wraps around at 4 GiB. */
export const addressBehind = (p: Processor, address: bigint, bytes: number): bigint =>
  BigInt.asUintN(in64BitMode(p) ? 64 : 32, address + BigInt(bytes));

const halves = (address: bigint): [low: number, high: number] => [
  Number(address & 0xffffffffn),
  Number(BigInt.asUintN(64, address) >> 32n),
];

/** Reads 1, 2, 4 or 8 bytes, zero-extended. @throws LinearAccessError */
export function readMemory({ linear }: Processor, address: bigint, size: number): bigint {
  const [low, high] = halves(address);
  switch (size) {
    case 1:
      return BigInt(linear.read8(low, high));
    case 2:
      return BigInt(linear.read16(low, high));
    case 4:
      return BigInt(linear.read32(low, high));
    default:
      return linear.read64(address);
  }
}

/** Writes 1, 2, 4 or 8 bytes. @throws LinearAccessError */
export function writeMemory({ linear }: Processor, address: bigint, size: number, value: bigint): void {
  const [low, high] = halves(address);
  const word = Number(value & 0xffffffffn);
  switch (size) {
    case 1:
      linear.write8(word, low, high);
      break;
    case 2:
      linear.write16(word, low, high);
      break;
    case 4:
      linear.write32(word, low, high);
      break;
    default:
      linear.write64(address, BigInt.asUintN(64, value));
  }
}

/** Makes sure that so many bytes can be written, over at most two pages. @throws LinearAccessError */
export function probeWrite({ linear }: Processor, address: bigint, size: number): void {
  linear.probeWrite(size, ...halves(address));
}
