import { CodeCache } from "../cpu/code-cache";
import { Interpreter } from "../cpu/interpret/index";
import { PROCESSOR_AREA, Processor } from "../cpu/processor";
import { RandomSource } from "../cpu/system/random";
import { createRuntime } from "../cpu/translate/runtime";
import { KernelError } from "../errno";
import { PhysicalMemory } from "./physical-memory";

/** What a machine is made with. */
export interface MachineOptions {
  /** Bytes of RAM, a multiple of 4096, 1 MiB to 3 GiB. */
  memory: number;
  /** Number of processors, 1 to 32. Default 1. */
  cpus?: number;
  /** Retired instructions between two samples of where a processor is. Default 20,000. */
  sampleInterval?: number;
  /** Times that a block is interpreted before it is compiled; 0: it is at once. Default 16. */
  coldThreshold?: number;
  /** Samples in one place after which its code gets a larger, faster translation; 0: at once. Default 2. */
  hotThreshold?: number;
  /** What the numbers of RDRAND and RDSEED are made from, 0 to 2^53 - 1: the same seed, the same run. Default 0. */
  seed?: number;
}

const MAX_CPUS = 32;
const MIB = 1024 * 1024;
const WASM_PAGE = 65536;

/** Linear memory below this is never used: 0 is no place. */
const FIRST_AREA = 4096;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** A computer: RAM and processors, all in one WebAssembly memory. Several may live side by side. */
export class Machine {
  readonly memory: PhysicalMemory;
  readonly processors: readonly Processor[];
  /** Translations of guest code, shared by the processors. */
  readonly code: CodeCache;

  /** @throws KernelError EINVAL for options out of range, ENOMEM when the host cannot provide the RAM */
  constructor(options: MachineOptions) {
    const { memory: size, cpus = 1, sampleInterval = 20_000, coldThreshold = 16, hotThreshold = 2, seed = 0 } = options;
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > MAX_CPUS) {
      throw new KernelError("EINVAL", `a machine has 1 to ${MAX_CPUS} processors, not ${cpus}`);
    }
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new KernelError("EINVAL", `a machine's seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
    }
    if (!Number.isInteger(size) || size < MIB || size > 3072 * MIB || size % 4096 !== 0) {
      throw new KernelError("EINVAL", `a machine has 1 MiB to 3 GiB of RAM in pages of 4096 bytes, not ${size} bytes`);
    }
    const ramBase = roundUp(FIRST_AREA + cpus * PROCESSOR_AREA, WASM_PAGE);
    const linear = allocate(roundUp(ramBase + size, WASM_PAGE) / WASM_PAGE);
    const { buffer } = linear;
    const processors: Processor[] = [];
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1024 });
    const miss = (cpu: number, request: number): number =>
      processors[(cpu - FIRST_AREA) / PROCESSOR_AREA].serve(request);
    const runtime = createRuntime(linear, table, miss);
    this.code = new CodeCache(
      linear,
      table,
      miss,
      new Interpreter(buffer, runtime),
      size / 4096,
      (frame) => processors.forEach((processor) => processor.tlb.protect(frame)),
      () => processors.forEach((processor) => processor.jumps.flushAll()),
      cpus === 1 ? FIRST_AREA : null,
    );
    const written = (hpa: number, length: number): void => this.code.invalidate(hpa, length);
    this.memory = new PhysicalMemory(buffer, ramBase, size, written);
    const ram = { words: new Uint32Array(buffer, ramBase, size / 4), size, written };
    for (let index = 0; index < cpus; index++) {
      processors.push(
        new Processor(index, {
          count: cpus,
          // Each processor has numbers of its own.
          random: new RandomSource(BigInt(seed) * BigInt(MAX_CPUS) + BigInt(index)),
          buffer,
          area: FIRST_AREA + index * PROCESSOR_AREA,
          ram,
          ramBase,
          memory: this.memory,
          cache: this.code,
          runtime,
          sampling: { interval: sampleInterval, cold: coldThreshold, hot: hotThreshold },
        }),
      );
    }
    this.processors = processors;
  }
}

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new KernelError("ENOMEM", `the host has no ${pages * (WASM_PAGE / MIB)} MiB of memory for the machine`, {
      cause,
    });
  }
}
