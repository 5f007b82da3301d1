import { CpuState, STATE_SIZE } from "../cpu/state";
import { Cr0, Cr4, Efer } from "./control-bits";
import { Mmu } from "./mmu";
import type { Ram } from "./ram";

/** A processor's state and RAM, 2 MiB unless told otherwise, in which a test builds page tables by hand, entry by entry. */
export class TestTables {
  readonly size: number;
  readonly state = new CpuState(new ArrayBuffer(STATE_SIZE), 0);
  readonly words: Uint32Array;
  readonly written: number[] = [];
  readonly ram: Ram;
  readonly mmu: Mmu;

  /** Long mode with 4-level paging, the root table at `cr3`, write protection and NX on. */
  constructor(cr3 = 0x1000n, size = 0x20_0000) {
    this.size = size;
    this.words = new Uint32Array(size / 4);
    this.ram = { words: this.words, size, written: (hpa) => this.written.push(hpa) };
    this.mmu = new Mmu(this.state, this.ram);
    this.state.set64("cr0", BigInt(Cr0.PE | Cr0.WP) | 0x8000_0000n);
    this.state.set64("cr4", BigInt(Cr4.PAE));
    this.state.set64("efer", BigInt(Efer.LME | Efer.LMA | Efer.NXE));
    this.state.set64("cr3", cr3);
  }

  /** Control registers for paging outside long mode: CR0 with PE and PG besides these bits, CR4 and EFER with just these. */
  legacy(cr4: number, { cr0 = 0, efer = 0 } = {}): void {
    this.state.set64("cr0", BigInt(Cr0.PE | cr0) | 0x8000_0000n);
    this.state.set64("cr4", BigInt(cr4));
    this.state.set64("efer", BigInt(efer));
  }

  /** Writes a 32-bit entry at a host-physical address. */
  entry32(hpa: number, value: number): void {
    this.words[hpa >>> 2] = value;
  }

  /** Writes a 64-bit entry at a host-physical address. */
  entry(hpa: number, value: bigint): void {
    this.words[hpa >>> 2] = Number(value & 0xffff_ffffn);
    this.words[(hpa >>> 2) + 1] = Number(value >> 32n);
  }

  read(hpa: number): bigint {
    return BigInt(this.words[hpa >>> 2]) | (BigInt(this.words[(hpa >>> 2) + 1]) << 32n);
  }

  translate(linear: bigint, access: 0 | 1 | 2): boolean {
    return this.mmu.translate(Number(linear & 0xffff_ffffn), Number((linear >> 32n) & 0xffff_ffffn), access);
  }

  /** The error code of the page fault that the last translation ended with. */
  errorCode(): number {
    const { fault } = this.mmu;
    if (fault.kind !== "page-fault") throw new Error(`not a page fault but ${fault.kind}`);
    return fault.errorCode;
  }

  /** VMX non-root operation with the EPT PML4 table at `root`, write-back. */
  nonRoot(root: number, flags = 0): void {
    this.state.set32("nonRoot", 1);
    this.state.set64("eptp", BigInt(root) | (3n << 3n) | 6n | BigInt(flags));
  }
}
