import { __hpa } from "../../address";
import type { E820Range } from "../../devices/e820";
import type { PhysicalMemory } from "../physical-memory";
import { MultibootError, range } from "./error";
import { encodeInformation, type LoadedModule } from "./information";
import { type KernelSegment, type MultibootKernel, readMultibootKernel } from "./kernel";

/** A file that is loaded beside the kernel, and what the kernel is told that it is. */
export interface BootModule {
  readonly data: Uint8Array;
  readonly text: string;
}

/** Physical memory that a kernel may not be loaded to. */
export interface ReservedRange {
  readonly base: number;
  readonly length: number;
  /** What is there, for messages. */
  readonly what: string;
}

/** What is loaded, and how. */
export interface MultibootOptions {
  /** The file: a 32-bit or 64-bit ELF executable with a Multiboot 1 header, or any file whose header has addresses. */
  readonly kernel: Uint8Array;
  readonly commandLine: string;
  readonly modules: readonly BootModule[];
  readonly memoryMap: readonly E820Range[];
  readonly reserved: readonly ReservedRange[];
}

/** What a kernel is entered with: EIP and EBX. */
export interface MultibootEntry {
  readonly entry: number;
  readonly information: number;
}

/**
 * Where the information structure is, and what it points to: the upper end of conventional memory, below the extended
 * BIOS data area. Kernels put trampolines and page tables lower.
 */
const INFORMATION = { base: 0x90000, length: 0xf000, what: "the Multiboot information" } as const;

const LOADER_NAME = "lcd";
const PAGE = 4096;
const MIB = 1024 * 1024;

/**
 * Loads a Multiboot kernel and its modules into RAM. Checks everything before it writes anything.
 *
 * Modules come behind the kernel, not below 1 MiB, each on a page of its own, whether the kernel asks for that or not.
 *
 * @throws MultibootError, ElfError when the file is not a kernel, is cut off, or does not fit in RAM
 * @see Multiboot Specification 0.6.96
 */
export function loadMultiboot(memory: PhysicalMemory, options: MultibootOptions): MultibootEntry {
  const kernel = readMultibootKernel(options.kernel);
  for (const segment of kernel.segments) requirePlace(segment, memory.size, [...options.reserved, INFORMATION]);
  requireApart(kernel.segments);
  const modules = placeModules(kernel, options.modules, memory.size);
  const { commandLine, memoryMap } = options;
  const information = encodeInformation(
    { commandLine, loaderName: LOADER_NAME, modules, memoryMap },
    INFORMATION.base,
    INFORMATION.length,
  );

  for (const { address, size, data } of kernel.segments) {
    memory.write(__hpa(address), data);
    memory.fill(__hpa(address + data.length), size - data.length, 0);
  }
  modules.forEach(({ start }, index) => memory.write(__hpa(start), options.modules[index].data));
  memory.write(__hpa(INFORMATION.base), information);
  return { entry: kernel.entry, information: INFORMATION.base };
}

function requirePlace({ address, size }: KernelSegment, ramSize: number, reserved: readonly ReservedRange[]): void {
  if (address + size > ramSize) {
    throw new MultibootError(
      `the kernel is to be loaded to ${range(address, size)}, but RAM ends at 0x${(ramSize - 1).toString(16)}`,
    );
  }
  const taken = reserved.find(({ base, length }) => address < base + length && base < address + size);
  if (taken !== undefined) {
    throw new MultibootError(
      `the kernel is to be loaded to ${range(address, size)}, but ${range(taken.base, taken.length)} is ${taken.what}`,
    );
  }
}

function requireApart(segments: readonly KernelSegment[]): void {
  const sorted = [...segments].sort((a, b) => a.address - b.address);
  const at = sorted.findIndex(({ address }, i) => i > 0 && address < sorted[i - 1].address + sorted[i - 1].size);
  if (at > 0) {
    const [one, two] = [sorted[at - 1], sorted[at]];
    throw new MultibootError(
      `two segments of the kernel overlap: ${range(one.address, one.size)} and ${range(two.address, two.size)}`,
    );
  }
}

function placeModules(kernel: MultibootKernel, modules: readonly BootModule[], ramSize: number): LoadedModule[] {
  const toPage = (address: number): number => Math.ceil(address / PAGE) * PAGE;
  let free = toPage(Math.max(MIB, ...kernel.segments.map(({ address, size }) => address + size)));
  return modules.map(({ data, text }) => {
    const [start, end] = [free, free + data.length];
    if (end > ramSize) {
      throw new MultibootError(
        `the module "${text}" is to be loaded to ${range(start, data.length)}, but RAM ends at 0x${(ramSize - 1).toString(16)}`,
      );
    }
    free = toPage(end);
    return { start, end, text };
  });
}
