import type { gpa_t, hpa_t } from "lcd-arch-x86";

/** What a capability lets its holder do with memory. */
export interface MemoryRights {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** 2^order pages of host memory in a row, owned by the microkernel. */
export interface PageObject {
  readonly type: "page";
  readonly hpa: hpa_t;
  readonly order: number;
  /** Where it begins in guest-physical space; `null` while it is not mapped. */
  mapped: gpa_t | null;
}

/** What a capability can name. */
export type KernelObject = PageObject;

/** A capability: an object, and what its holder may do with it. */
export interface Capability {
  readonly object: KernelObject;
  readonly rights: MemoryRights;
}
