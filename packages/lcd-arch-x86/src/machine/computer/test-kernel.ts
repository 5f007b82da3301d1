import { __hpa } from "../../address";
import { gateOf } from "../../cpu/interrupt/test-protected-mode";
import { Gpr } from "../../cpu/state";
import { Computer } from "./computer";

const MIB = 2 ** 20;

/** Where the code of a test's kernel begins. */
export const KERNEL_CODE = 0x10_0020;

/** A Multiboot kernel: 32 bytes of header, loaded to 1 MiB, and this code behind it. */
export function kernel(...code: number[]): Uint8Array {
  const words = [0x1badb002, 0x10000, -(0x1badb002 + 0x10000), 0x100000, 0x100000, 0, 0, KERNEL_CODE];
  return Uint8Array.of(...new Uint8Array(Uint32Array.from(words.map((word) => word >>> 0)).buffer), ...code);
}

/** A computer that is about to run this code, in 32-bit protected mode. @param sent told when it has sent a byte */
export function booted(
  code: readonly number[],
  cpus = 1,
  sent = (): void => {},
): { computer: Computer; printed: () => string } {
  let text = "";
  const onSerial = (byte: number) => {
    text += String.fromCharCode(byte);
    sent();
  };
  const computer = new Computer({ memory: 4 * MIB, cpus, onSerial });
  computer.boot(kernel(...code));
  return { computer, printed: () => text };
}

const GDT = 0x20_0000;
const IDT = 0x20_1000;
const HANDLER = 0x20_2000;
const STACK = 0x21_0000;
const FLAT_CODE = 0x00cf_9a00_0000_ffffn;

/** Gives a computer that is about to run a stack, a GDT and an IDT in which one vector has a handler. */
export function handle({ machine: { memory, processors } }: Computer, vector: number, code: readonly number[]): void {
  const { state, gpr } = processors[0];
  memory.writeU64(__hpa(GDT + 8), FLAT_CODE);
  memory.writeU64(__hpa(IDT + vector * 8), gateOf({ selector: 8, offset: HANDLER }));
  memory.write(__hpa(HANDLER), Uint8Array.from(code));
  state.set64("gdtrBase", BigInt(GDT));
  state.set64("idtrBase", BigInt(IDT));
  gpr[Gpr.rsp] = BigInt(STACK);
}

/** mov al, byte; out port, al for pairs of port and byte */
export const outBytes = (...pairs: number[]): number[] =>
  pairs.flatMap((port, index) => (index % 2 === 0 ? [0xb0, pairs[index + 1], 0xe6, port] : []));

/** Initializes both 8259s for vectors 20H to 2FH, with these masks. */
export const initializePics = (first: number, second: number): number[] =>
  outBytes(
    ...[0x20, 0x11, 0x21, 0x20, 0x21, 4, 0x21, 1, 0x21, first],
    ...[0xa0, 0x11, 0xa1, 0x28, 0xa1, 2, 0xa1, 1, 0xa1, second],
  );

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

export const STI_HLT = [0xfb, 0xf4];

/** jmp to itself */
export const SPIN = [0xeb, 0xfe];
