import type { hpa_t } from "../address";
import type { PhysicalMemory } from "../machine/physical-memory";
import type { Vmx } from "../vmx";

/** Where the arch layer gets host pages from. */
export interface PageSource {
  /** A page of 4 KiB, all zero. @throws KernelError ENOMEM */
  allocPage(): hpa_t;
  freePage(hpa: hpa_t): void;
}

/** What the arch layer uses of a processor: what a kernel has. */
export interface LcdProcessor {
  readonly index: number;
  /** The general-purpose registers, in encoding order. */
  readonly gpr: BigUint64Array;
  readonly vmx: Vmx;
  /** Runs until something is for the host to handle: "vm-exit" after a VM exit to it. */
  run(): { readonly kind: string };
  readMsr(index: number): bigint;
  writeMsr(index: number, value: bigint): void;
  /** Control registers 0, 2, 3, 4 and 8. */
  readControlRegister(number: number): bigint;
  writeControlRegister(number: number, value: bigint): void;
}

/** What the arch layer uses of a machine. */
export interface LcdMachine {
  readonly memory: PhysicalMemory;
  readonly processors: readonly LcdProcessor[];
}
