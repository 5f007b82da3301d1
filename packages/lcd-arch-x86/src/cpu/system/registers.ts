import type { Processor } from "../processor";
import { ARITHMETIC_FLAGS, Gpr, Rflags } from "../state";

/** The low 32 bits of a general-purpose register. */
export const low32 = (p: Processor, register: number): number => Number(p.gpr[register] & 0xffffffffn);

/** EDX:EAX as one value. */
export const pair = (p: Processor): bigint => (p.gpr[Gpr.rdx] << 32n) | BigInt.asUintN(32, p.gpr[Gpr.rax]);

/** EDX:EAX from a 64-bit value. */
export function setPair(p: Processor, value: bigint): void {
  p.gpr[Gpr.rax] = BigInt.asUintN(32, value);
  p.gpr[Gpr.rdx] = BigInt.asUintN(64, value) >> 32n;
}

/** Writes a register of 1 (not a high byte), 2, 4 or 8 bytes; one of 4 clears the upper half, smaller ones keep the rest. */
export function setRegister(p: Processor, register: number, size: number, value: bigint): void {
  const bits = size * 8;
  const part = BigInt.asUintN(bits, value);
  p.gpr[register] = size >= 4 ? part : ((p.gpr[register] >> BigInt(bits)) << BigInt(bits)) | part;
}

/** Sets the arithmetic flags in `mask` to those of `flags`. RF, which would last for one more instruction, is over. */
export function setFlags(p: Processor, mask: number, flags: number): void {
  p.rflags = (p.rflags & ~BigInt(mask | Rflags.RF)) | BigInt(flags & mask & ARITHMETIC_FLAGS);
}
