import * as elf from "./constants";
import { ElfError } from "./error";

/** How a relocation type computes and stores its value (x86-64 psABI, table 4.9). S symbol, A addend, P place. */
interface Howto {
  readonly name: string;
  /** Bytes stored; 0 for none. */
  readonly size: 0 | 1 | 2 | 4 | 8;
  /** S + A - P instead of S + A. */
  readonly relative: boolean;
  /** What the stored bytes must extend to: the whole 64-bit value again. `any`: nothing is cut off. */
  readonly range: "signed" | "unsigned" | "any";
}

const HOWTO: ReadonlyMap<number, Howto> = new Map([
  [elf.R_X86_64_NONE, { name: "R_X86_64_NONE", size: 0, relative: false, range: "any" }],
  [elf.R_X86_64_64, { name: "R_X86_64_64", size: 8, relative: false, range: "any" }],
  [elf.R_X86_64_PC32, { name: "R_X86_64_PC32", size: 4, relative: true, range: "signed" }],
  // A call through a procedure linkage table; where there is none, a plain PC32 (as the kernel's loader does).
  [elf.R_X86_64_PLT32, { name: "R_X86_64_PLT32", size: 4, relative: true, range: "signed" }],
  [elf.R_X86_64_32, { name: "R_X86_64_32", size: 4, relative: false, range: "unsigned" }],
  [elf.R_X86_64_32S, { name: "R_X86_64_32S", size: 4, relative: false, range: "signed" }],
  [elf.R_X86_64_16, { name: "R_X86_64_16", size: 2, relative: false, range: "unsigned" }],
  [elf.R_X86_64_PC16, { name: "R_X86_64_PC16", size: 2, relative: true, range: "signed" }],
  [elf.R_X86_64_8, { name: "R_X86_64_8", size: 1, relative: false, range: "unsigned" }],
  [elf.R_X86_64_PC8, { name: "R_X86_64_PC8", size: 1, relative: true, range: "signed" }],
  [elf.R_X86_64_PC64, { name: "R_X86_64_PC64", size: 8, relative: true, range: "any" }],
]);

/** Where a relocation writes, and what it refers to. */
export interface Relocation {
  /** R_X86_64_*. */
  readonly type: number;
  /** Byte in the contents where the value goes. */
  readonly offset: number;
  /** Address that this byte will have (P). */
  readonly place: bigint;
  /** Address of the symbol (S). */
  readonly symbol: bigint;
  /** A. */
  readonly addend: bigint;
}

/**
 * Applies one x86-64 relocation to the contents of a section.
 *
 * @throws ElfError when the type is unknown, the place outside the contents or not zero before (it was relocated
 *   already, or the file is damaged), or the value does not fit; nothing is changed then
 */
export function relocateX86_64(contents: Uint8Array, relocation: Relocation): void {
  const { type, offset, place, symbol, addend } = relocation;
  const howto = HOWTO.get(type);
  if (howto === undefined) throw new ElfError(`unknown x86-64 relocation type ${type}`);
  const { name, size, relative, range } = howto;
  if (size === 0) return;
  if (!Number.isInteger(offset) || offset < 0 || offset + size > contents.length) {
    throw new ElfError(`${name} at offset ${offset} is outside the ${contents.length} bytes of its section`);
  }
  for (let i = offset; i < offset + size; i++) {
    if (contents[i] !== 0) throw new ElfError(`${name} at offset ${offset}: there is something there already`);
  }
  const value = BigInt.asUintN(64, symbol + addend - (relative ? place : 0n));
  const bits = size * 8;
  const fits =
    range === "any" ||
    (range === "signed"
      ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) === value
      : BigInt.asUintN(bits, value) === value);
  if (!fits) {
    throw new ElfError(`${name} at offset ${offset} overflows: 0x${value.toString(16)} does not fit in ${bits} bits`);
  }
  const low = Number(value & 0xffffffffn);
  const high = Number(value >> 32n);
  for (let i = 0; i < size; i++) contents[offset + i] = i < 4 ? low >>> (8 * i) : high >>> (8 * i - 32);
}

/** The name of an x86-64 relocation type; `R_X86_64_<n>` for one that is not applied here. */
export function relocationNameX86_64(type: number): string {
  return HOWTO.get(type)?.name ?? `R_X86_64_${type}`;
}
