import * as elf from "./constants";
import { ElfError } from "./error";

/** How a relocation type computes and stores its value (x86-64 psABI, table 4.9). S symbol, A addend, P place. */
interface Howto {
  readonly name: string;
  /** Bytes stored; 0 for none. */
  readonly size: 0 | 1 | 2 | 4 | 8;
  /** S + A - P instead of S + A. */
  readonly relative: boolean;
  /** The 64-bit value has to be below this ... */
  readonly below: bigint;
  /** ... or, a negative number, from this on: then the stored bytes extend to it again. */
  readonly from: bigint;
}

const ADDRESSES = 1n << 64n;

const absolute = (name: string, size: 0 | 8): Howto => ({
  name,
  size,
  relative: false,
  below: ADDRESSES,
  from: ADDRESSES,
});
const relative = (name: string, size: 1 | 2 | 4 | 8): Howto => ({ ...signed(name, size), relative: true });
const unsigned = (name: string, size: 1 | 2 | 4): Howto => {
  return { name, size, relative: false, below: 1n << BigInt(8 * size), from: ADDRESSES };
};
function signed(name: string, size: 1 | 2 | 4 | 8): Howto {
  const half = 1n << BigInt(8 * size - 1);
  return { name, size, relative: false, below: half, from: ADDRESSES - half };
}

const HOWTO: ReadonlyMap<number, Howto> = new Map([
  [elf.R_X86_64_NONE, absolute("R_X86_64_NONE", 0)],
  [elf.R_X86_64_64, absolute("R_X86_64_64", 8)],
  [elf.R_X86_64_PC64, relative("R_X86_64_PC64", 8)],
  [elf.R_X86_64_PC32, relative("R_X86_64_PC32", 4)],
  // A call through a procedure linkage table; where there is none, a plain PC32 (as the kernel's loader does).
  [elf.R_X86_64_PLT32, relative("R_X86_64_PLT32", 4)],
  [elf.R_X86_64_PC16, relative("R_X86_64_PC16", 2)],
  [elf.R_X86_64_PC8, relative("R_X86_64_PC8", 1)],
  [elf.R_X86_64_32, unsigned("R_X86_64_32", 4)],
  [elf.R_X86_64_32S, signed("R_X86_64_32S", 4)],
  [elf.R_X86_64_16, unsigned("R_X86_64_16", 2)],
  [elf.R_X86_64_8, unsigned("R_X86_64_8", 1)],
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
  const { name, size } = howto;
  if (size === 0) return;
  if (!Number.isInteger(offset) || offset < 0 || offset + size > contents.length) {
    throw new ElfError(`${name} at offset ${offset} is outside the ${contents.length} bytes of its section`);
  }
  for (let i = offset; i < offset + size; i++) {
    if (contents[i] !== 0) throw new ElfError(`${name} at offset ${offset}: there is something there already`);
  }
  const value = BigInt.asUintN(64, symbol + addend - (howto.relative ? place : 0n));
  if (value >= howto.below && value < howto.from) {
    throw new ElfError(
      `${name} at offset ${offset} overflows: 0x${value.toString(16)} does not fit in ${size * 8} bits`,
    );
  }
  const low = Number(value & 0xffffffffn);
  const high = Number(value >> 32n);
  for (let i = 0; i < size; i++) contents[offset + i] = i < 4 ? low >>> (8 * i) : high >>> (8 * i - 32);
}

/** The name of an x86-64 relocation type; `R_X86_64_<n>` for one that is not applied here. */
export function relocationNameX86_64(type: number): string {
  return HOWTO.get(type)?.name ?? `R_X86_64_${type}`;
}
