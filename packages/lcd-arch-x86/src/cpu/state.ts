import { RANGE_ENTRY_SIZE, RANGES } from "./translate/range-layout";

/**
 * Where a processor's state lies in the machine's linear memory: the single source. TypeScript accessors and
 * WebAssembly offsets both derive from this table.
 */

/** Order of the general-purpose registers: their encoding in instructions (SDM 2A, "Register Encoding"). */
export const Gpr = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** Names of the general-purpose registers by number. */
export const gprNames = Object.keys(Gpr);

/** Order of the segment registers: ES CS SS DS FS GS as instructions encode them, then LDTR and TR. */
export const Segment = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5, ldtr: 6, tr: 7 } as const;

/** RFLAGS bits (SDM 1, "EFLAGS Register"). */
export const Rflags = {
  CF: 1 << 0,
  fixed: 1 << 1,
  PF: 1 << 2,
  AF: 1 << 4,
  ZF: 1 << 6,
  SF: 1 << 7,
  TF: 1 << 8,
  IF: 1 << 9,
  DF: 1 << 10,
  OF: 1 << 11,
  IOPL: 3 << 12,
  NT: 1 << 14,
  RF: 1 << 16,
  VM: 1 << 17,
  AC: 1 << 18,
  VIF: 1 << 19,
  VIP: 1 << 20,
  ID: 1 << 21,
} as const;

/** The six flags that arithmetic sets; kept lazily, apart from the other bits of RFLAGS. */
export const ARITHMETIC_FLAGS = Rflags.CF | Rflags.PF | Rflags.AF | Rflags.ZF | Rflags.SF | Rflags.OF;

/** Indirect branches that a processor remembers; a power of two. */
export const BRANCHES = 64;

/** Bytes of each operand of a callout. */
export const OPERAND_SIZE = 16;

/** 64-bit fields, in order, each with its number of elements. */
const fields64 = {
  gpr: 16,
  /** Sixteen registers of 128 bits. */
  xmm: 32,
  /** x87 data registers R0 to R7, 80 bits in 128 each; the MMX registers are their lower 64. */
  st: 16,
  /** x87 instruction and operand pointers: offsets (SDM 1, "x87 FPU Instruction and Data (Operand) Pointers"). */
  fpuIp: 1,
  fpuDp: 1,
  rip: 1,
  /** Lazy flags: the operands of the operation `flagOp` (cpu/flags.ts). */
  flagA: 1,
  flagB: 1,
  /** Linear address and value of a memory access that left the fast path. */
  slowAddress: 1,
  slowValue: 2,
  segmentBase: 8,
  gdtrBase: 1,
  idtrBase: 1,
  cr0: 1,
  cr2: 1,
  cr3: 1,
  cr4: 1,
  cr8: 1,
  /** The PDPTE registers of PAE paging (SDM 3A, "PDPTE Registers"). */
  pdpte: 4,
  xcr0: 1,
  dr: 8,
  efer: 1,
  star: 1,
  lstar: 1,
  cstar: 1,
  fmask: 1,
  kernelGsBase: 1,
  tscAux: 1,
  tscAdjust: 1,
  sysenterCs: 1,
  sysenterEsp: 1,
  sysenterEip: 1,
  pat: 1,
  mtrrDefaultType: 1,
  mtrrFixed: 11,
  /** Bases and masks by turns. */
  mtrrVariable: 16,
  miscEnable: 1,
  featureControl: 1,
  debugctl: 1,
  /** EPT pointer and VPID of the running guest; meaningful in VMX non-root operation. */
  eptp: 1,
  vpid: 1,
  /** Where an access that has no single place in RAM is put together: page-crossing or MMIO. */
  bounce: 8,
  /** Operands and results of callouts (cpu/callouts.ts): three of 128 bits. */
  operand: 6,
  /** For memory accesses through the six segments outside 64-bit mode: the first offset, and the ends for reads and writes. */
  /** The last indirect jumps and calls that left their region: pairs of from where and to where, in turn. */
  branches: 2 * BRANCHES,
  /** Memory ranges (translate/range-layout.ts). */
  ranges: (RANGES * RANGE_ENTRY_SIZE) / 8,
  /** CS base as fetches use it: 0 in 64-bit mode. */
  codeBase: 1,
  segmentFirst: 6,
  segmentReadEnd: 6,
  segmentWriteEnd: 6,
} as const;

/** 32-bit fields, in order, each with its number of elements. */
const fields32 = {
  /** Every RFLAGS bit but ARITHMETIC_FLAGS. */
  systemFlags: 1,
  flagOp: 1,
  flagOver: 1,
  /** Instructions that may still retire before the dispatcher must stop. */
  left: 1,
  /** Where in its region a region stopped: an index to its table of sites. */
  site: 1,
  /** Table index of the function that ran last. */
  region: 1,
  /** Number of the memory range that is to be grown. */
  rangeWanted: 1,
  /** Distance in bytes from the start of `branches` to the pair that is written next. */
  branchNext: 1,
  /** Linear-memory addresses of the TLB and jump cache of the current address space. */
  tlb: 1,
  jumps: 1,
  segmentSelector: 8,
  segmentLimit: 8,
  /** Access rights in VMX format (SDM 3C, "Guest Register State"): bit 16 is "unusable". */
  segmentRights: 8,
  gdtrLimit: 1,
  idtrLimit: 1,
  cpl: 1,
  /** What translations depend on besides the code: cpu/code-mode.ts. */
  codeMode: 1,
  /** CS limit as fetches use it: 2^32 - 1 in 64-bit mode. */
  codeLimit: 1,
  /** SSE control and status (SDM 1, "MXCSR Control and Status Register"). */
  mxcsr: 1,
  /** x87 control and status words; in `fpuTags` bit n is set when register Rn is not empty. */
  fpuControl: 1,
  fpuStatus: 1,
  fpuTags: 1,
  /** x87 opcode, and the selectors that go with its pointers. */
  fpuOpcode: 1,
  /** x87/error-pins.ts. */
  fpuErrorPins: 1,
  fpuCs: 1,
  fpuDs: 1,
  /** Not 0 while in VMX non-root operation. */
  nonRoot: 1,
  /** PAUSE instructions until one stops translated code (machine/computer/scheduler.ts); counted modulo 2^32. */
  pausesLeft: 1,
} as const;

type Field64 = keyof typeof fields64;
type Field32 = keyof typeof fields32;

function layOut<Name extends string>(fields: Record<Name, number>, start: number, size: number) {
  const offsets = {} as Record<Name, number>;
  let offset = start;
  for (const name of Object.keys(fields) as Name[]) {
    offsets[name] = offset;
    offset += fields[name] * size;
  }
  return { offsets, end: offset };
}

const part64 = layOut(fields64, 0, 8);
const part32 = layOut(fields32, part64.end, 4);

/** Byte offset of each field from the start of a processor's state. */
export const StateOffset: Readonly<Record<Field64 | Field32, number>> = { ...part64.offsets, ...part32.offsets };

/** Bytes of state of one processor, rounded up to a page. */
export const STATE_SIZE = Math.ceil(part32.end / 4096) * 4096;

/** One processor's state as TypeScript sees it: typed views of the same bytes that translated code uses. */
export class CpuState {
  /** Linear-memory address of the state. */
  readonly base: number;
  private readonly u64: BigUint64Array;
  /** All of it as 32-bit words, for paths that run per TLB miss: a field's index is a quarter of its StateOffset. */
  readonly u32: Uint32Array;
  private readonly i32: Int32Array;
  /** The sixteen general-purpose registers. */
  readonly gpr: BigUint64Array;

  constructor(buffer: ArrayBufferLike, base: number) {
    this.base = base;
    this.u64 = new BigUint64Array(buffer, base, STATE_SIZE / 8);
    this.u32 = new Uint32Array(buffer, base, STATE_SIZE / 4);
    this.i32 = new Int32Array(buffer, base, STATE_SIZE / 4);
    this.gpr = this.u64.subarray(0, 16);
  }

  /** Reads a 64-bit field, element `index`. */
  get64(field: Field64, index = 0): bigint {
    return this.u64[(StateOffset[field] >>> 3) + index];
  }

  /** Writes a 64-bit field, element `index`, modulo 2^64. */
  set64(field: Field64, value: bigint, index = 0): void {
    this.u64[(StateOffset[field] >>> 3) + index] = value;
  }

  /** Low and high half of a 64-bit field, without a bigint: for paths that run per TLB miss. */
  low(field: Field64, index = 0): number {
    return this.u32[(StateOffset[field] >>> 2) + index * 2];
  }

  high(field: Field64, index = 0): number {
    return this.u32[(StateOffset[field] >>> 2) + index * 2 + 1];
  }

  /** Writes a 64-bit field by its halves, each modulo 2^32. */
  setHalves(field: Field64, low: number, high: number, index = 0): void {
    const at = (StateOffset[field] >>> 2) + index * 2;
    this.i32[at] = low;
    this.i32[at + 1] = high;
  }

  /** Reads a 32-bit field as unsigned. */
  get32(field: Field32, index = 0): number {
    return this.u32[(StateOffset[field] >>> 2) + index];
  }

  /** Reads a 32-bit field as signed. */
  getI32(field: Field32, index = 0): number {
    return this.i32[(StateOffset[field] >>> 2) + index];
  }

  /** Writes a 32-bit field, modulo 2^32. */
  set32(field: Field32, value: number, index = 0): void {
    this.i32[(StateOffset[field] >>> 2) + index] = value;
  }
}
