import type { gpa_t, hpa_t } from "lcd-arch-x86";
import type { Lcd } from "../lcd/lcd";

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

/** A domain. */
export interface LcdObject {
  readonly type: "lcd";
  readonly lcd: Lcd;
}

/** A capability to pages, and what its holder may do with them. */
export interface PageCapability {
  readonly object: PageObject;
  readonly rights: MemoryRights;
}

/** A capability to a domain: its holder decides about its life. */
export interface LcdCapability {
  readonly object: LcdObject;
}

/** What a slot of a cspace can hold. */
export type Capability = PageCapability | LcdCapability;
