import { type ElfImage, type ElfSegment, EM_386, EM_X86_64, ET_DYN, ET_EXEC, PT_LOAD, parseElf } from "elf-image";
import { MultibootError } from "./error";
import { findMultibootHeader, type LoadAddresses, type MultibootHeader } from "./header";

/** A piece of a kernel: `data` at a physical address, and zeros behind it up to `size`. */
export interface KernelSegment {
  readonly address: number;
  /** Bytes in memory; at least as many as `data` has. */
  readonly size: number;
  readonly data: Uint8Array;
}

/** A Multiboot kernel, taken apart. */
export interface MultibootKernel {
  readonly header: MultibootHeader;
  /** Physical address of the first instruction, below 4 GiB. */
  readonly entry: number;
  readonly segments: readonly KernelSegment[];
}

const FOUR_GIB = 2n ** 32n;
/** Types of ELF files that are loaded: executables, and position-independent ones, at the addresses that they have. */
const EXECUTABLE: readonly number[] = [ET_EXEC, ET_DYN];
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/**
 * Takes a Multiboot 1 kernel apart: a 32-bit or 64-bit ELF executable, or a file of any kind whose header has address
 * fields; they win if it has both. A 64-bit one is entered in 32-bit mode too. (QEMU's loader and the specification know
 * 32-bit ELF only; `objcopy -O elf32-i386` makes one of a 64-bit file.)
 *
 * @throws MultibootError, ElfError for a file that is not one, or is malformed
 * @see Multiboot Specification 0.6.96, 3.1 to 3.2
 */
export function readMultibootKernel(file: Uint8Array): MultibootKernel {
  const header = findMultibootHeader(file);
  if (header.addresses !== null) return fromAddresses(file, header, header.addresses);
  if (ELF_MAGIC.some((byte, at) => file[at] !== byte)) {
    throw new MultibootError(
      "the file is no ELF file, and its Multiboot header has no address fields (flag 16) that say where to load it",
    );
  }
  return fromElf(header, parseElf(file));
}

function fromAddresses(file: Uint8Array, header: MultibootHeader, addresses: LoadAddresses): MultibootKernel {
  const { load, loadEnd, bssEnd, entry } = addresses;
  const start = header.offset - (addresses.header - load);
  const end = loadEnd === 0 ? file.length : start + (loadEnd - load);
  if (addresses.header < load || start < 0 || end < start || end > file.length) {
    throw new MultibootError(
      `the Multiboot header wants bytes ${start} to ${end} of the file loaded, which has ${file.length}`,
    );
  }
  const data = file.subarray(start, end);
  if (bssEnd !== 0 && bssEnd < load + data.length) {
    throw new MultibootError("the Multiboot header's bss_end_addr lies before the end of what is loaded");
  }
  const size = bssEnd === 0 ? data.length : bssEnd - load;
  return {
    header,
    entry: checkedEntry(entry, [{ address: load, size, data }]),
    segments: [{ address: load, size, data }],
  };
}

function fromElf(header: MultibootHeader, elf: ElfImage): MultibootKernel {
  const machine = elf.class === 32 ? EM_386 : EM_X86_64;
  if (!elf.littleEndian || elf.machine !== machine || !EXECUTABLE.includes(elf.type)) {
    throw new MultibootError(
      `the file is no x86 executable: ELF type ${elf.type} for machine ${elf.machine}, ${elf.class} bits`,
    );
  }
  const loaded = elf.segments.filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0n);
  const segments = loaded.map(segmentOf);
  if (segments.length === 0) throw new MultibootError("the file has no segment to load");
  return { header, entry: checkedEntry(physicalEntry(elf.entry, loaded), segments), segments };
}

function segmentOf(segment: ElfSegment): KernelSegment {
  const { physicalAddress, memorySize } = segment;
  if (physicalAddress + memorySize > FOUR_GIB) {
    throw new MultibootError(
      `a segment goes to physical 0x${physicalAddress.toString(16)} (0x${memorySize.toString(16)} bytes): Multiboot kernels are loaded below 4 GiB`,
    );
  }
  return { address: Number(physicalAddress), size: Number(memorySize), data: segment.data() };
}

/** The entry point is a virtual address, and paging is off: it is where its segment is loaded, if that is elsewhere. */
function physicalEntry(entry: bigint, segments: readonly ElfSegment[]): number {
  const home = segments.find(
    ({ virtualAddress, memorySize }) => entry >= virtualAddress && entry < virtualAddress + memorySize,
  );
  const physical = home === undefined ? entry : entry - home.virtualAddress + home.physicalAddress;
  return physical < FOUR_GIB ? Number(physical) : Number.POSITIVE_INFINITY;
}

function checkedEntry(entry: number, segments: readonly KernelSegment[]): number {
  if (segments.some(({ address, size }) => entry >= address && entry < address + size)) return entry;
  throw new MultibootError(`the entry point, 0x${entry.toString(16)}, is in no part of the kernel that is loaded`);
}
