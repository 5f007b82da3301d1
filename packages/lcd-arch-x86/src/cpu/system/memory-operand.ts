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

const STEP = 8;

/** Reads an area of a multiple of 8 bytes. @throws LinearAccessError */
export function readArea(p: Processor, address: bigint, length: number): DataView {
  const view = new DataView(new ArrayBuffer(length));
  for (let at = 0; at < length; at += STEP) {
    view.setBigUint64(at, readMemory(p, addressBehind(p, address, at), STEP), true);
  }
  return view;
}

/** Makes sure that an area of at most a page can be written. @throws LinearAccessError */
export function probeArea(p: Processor, address: bigint, length: number): void {
  probeWrite(p, address, STEP);
  probeWrite(p, addressBehind(p, address, length - STEP), STEP);
}

/** Writes bytes `from` to `to`, multiples of 8, of an area that has been probed. */
export function writeArea(p: Processor, address: bigint, view: DataView, from: number, to: number): void {
  for (let at = from; at < to; at += STEP) {
    writeMemory(p, addressBehind(p, address, at), STEP, view.getBigUint64(at, true));
  }
}
