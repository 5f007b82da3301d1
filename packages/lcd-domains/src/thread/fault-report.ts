import type { gpa_t, gva_t } from "lcd-arch-x86";
import type { MemoryRights } from "../capability/object";
import type { GuestWalk } from "../lcd/guest-walk";

/** What code tried to do with memory. */
export type MemoryOperation = "read" | "write" | "execute";

/** What ended a thread. */
export type FaultCause =
  /** An exception that the processor raised. */
  | {
      readonly kind: "exception";
      readonly vector: number;
      /** `#PF`. */
      readonly mnemonic: string;
      /** `page fault`. */
      readonly name: string;
      readonly errorCode: number | null;
      /** What the error code means, in words. */
      readonly meaning: readonly string[];
      /** Of a page fault: what was tried, and where. */
      readonly access: { readonly operation: MemoryOperation; readonly address: gva_t } | null;
    }
  /** An access to guest-physical memory that the domain was not given, or not for this. */
  | {
      readonly kind: "ept-violation";
      readonly operation: MemoryOperation;
      readonly gpa: gpa_t;
      readonly gva: gva_t | null;
      /** The access was the processor's own, to a page table. */
      readonly duringWalk: boolean;
      readonly qualification: bigint;
    }
  /** Something that isolated code may not do at all: `hlt`, `triple fault`, `cpuid` ... */
  | { readonly kind: "refused"; readonly name: string; readonly detail: string };

/** Where an address is in a loaded module. */
export interface CodeLocation {
  readonly module: string;
  /** The symbol that it is in, `null` when there is none before it. */
  readonly symbol: string | null;
  /** Bytes from the symbol (or, without one, from the start of the module). */
  readonly offset: number;
  /** Bytes of the symbol; 0 when not known. */
  readonly size: number;
}

/** Why a thread ended by a fault: all that a person needs to find the mistake. */
export interface FaultReport {
  readonly domain: string;
  readonly thread: string;
  readonly cause: FaultCause;
  /** Address of the instruction. */
  readonly rip: gva_t;
  /** `null` when no module is there. */
  readonly location: CodeLocation | null;
  /** The general-purpose registers, `rax` to `r15`. */
  readonly registers: Readonly<Record<string, bigint>>;
  readonly rflags: bigint;
  /** Bytes of code from `address` on, around the instruction; empty when they cannot be read. */
  readonly code: { readonly address: gva_t; readonly bytes: Uint8Array };
  /** 64-bit words from the stack pointer up. */
  readonly stack: readonly {
    readonly address: gva_t;
    readonly value: bigint;
    readonly location: CodeLocation | null;
  }[];
  /** How the domain's page tables translate the address; `null` when the fault is about no address. */
  readonly walk: GuestWalk | null;
  /** What EPT says about the guest-physical address; `null` when the fault did not get that far. */
  readonly ept: {
    readonly gpa: gpa_t;
    /** The entry; `null` when there is none. */
    readonly entry: bigint | null;
    readonly rights: MemoryRights;
  } | null;
  /** Instructions that the thread had retired. */
  readonly instructions: number;
}
