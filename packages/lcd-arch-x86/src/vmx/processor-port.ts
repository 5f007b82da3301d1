import type { InterruptEvent } from "../cpu/interrupt/event";
import type { CpuState } from "../cpu/state";
import type { PhysicalMemory } from "../machine/physical-memory";
import type { PdpteLoad } from "../mmu/index";

/** What VMX needs from the processor that it belongs to. */
export interface VmxProcessorPort {
  readonly state: CpuState;
  readonly memory: PhysicalMemory;
  /** All of RFLAGS, the lazily kept flags too. */
  rflags: bigint;
  /** Blocking by STI (bit 0), MOV SS (bit 1) and NMI (bit 3), as in the VMCS's interruptibility state. */
  interruptibility: number;
  /** The event whose delivery has begun and not ended; a VM exit ends it. */
  delivering: InterruptEvent | null;
  /** The event that a VM entry injects, which the guest takes before its first instruction. */
  injected: InterruptEvent | null;
  /** Bits that DR6 gets of a debug exception which is due before the next instruction; 0: none is. */
  pendingDebug: bigint;
  /** B0 to B3 of breakpoints that have been met, whose debug exception MOV SS holds back. */
  readonly breakpoints: { met: number };
  /** What time it is: the time-stamp counter, but for what software has written to it. */
  readonly time: number;
  /** Value of `time` at which the VMX-preemption timer fires; Infinity for none. */
  deadline: number;
  /** The guest exits as soon as it could take interrupts ("interrupt-window exiting"). */
  exitsAtInterruptWindow: boolean;
  /** Loads the PDPTE registers from memory, as the current paging mode reaches it. */
  readonly mmu: { loadPdptes(cr3: number): PdpteLoad };
  /** RDMSR and WRMSR at CPL 0. @throws GuestException */
  readMsr(index: number): bigint;
  writeMsr(index: number, value: bigint): void;
  /** After a VMX abort only a reset helps. */
  shutDown(): void;
  /** CR0, CR3, CR4, EFER, CPL, EPTP, VPID or `nonRoot` have changed: translations are of another address space. */
  addressSpaceChanged(): void;
  /** Drops translations that were made with an EPT pointer, or with any. */
  invalidateEpt(eptp: bigint | null): void;
  /** Drops translations of a VPID, or of all but 0; those of one linear address, or of all. */
  invalidateVpid(vpid: number | null, address: bigint | null): void;
}
