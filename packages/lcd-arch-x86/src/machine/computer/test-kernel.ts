import { Computer } from "./computer";

const MIB = 2 ** 20;

/** Where the code of a test's kernel begins. */
export const KERNEL_CODE = 0x10_0020;

/** A Multiboot kernel: 32 bytes of header, loaded to 1 MiB, and this code behind it. */
export function kernel(...code: number[]): Uint8Array {
  const words = [0x1badb002, 0x10000, -(0x1badb002 + 0x10000), 0x100000, 0x100000, 0, 0, KERNEL_CODE];
  return Uint8Array.of(...new Uint8Array(Uint32Array.from(words.map((word) => word >>> 0)).buffer), ...code);
}

/** A computer that is about to run this code, in 32-bit protected mode. */
export function booted(code: readonly number[], cpus = 1): { computer: Computer; printed: () => string } {
  let text = "";
  const onSerial = (byte: number) => {
    text += String.fromCharCode(byte);
  };
  const computer = new Computer({ memory: 4 * MIB, cpus, onSerial });
  computer.boot(kernel(...code));
  return { computer, printed: () => text };
}

/** The bytes of a 32-bit number in an instruction. */
export const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** mov dword [address], value */
export const store = (address: number, value: number): number[] => [0xc7, 0x05, ...u32(address), ...u32(value)];

/** mov ecx, index; mov eax, low; mov edx, high; wrmsr */
export const writeMsr = (index: number, low: number, high = 0): number[] => [
  ...[0xb9, ...u32(index)],
  ...[0xb8, ...u32(low)],
  ...[0xba, ...u32(high)],
  ...[0x0f, 0x30],
];

/** jmp to itself */
export const SPIN = [0xeb, 0xfe];
