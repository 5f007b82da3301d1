/** Why a computer has stopped. */
export type ComputerResult =
  /** The guest has written `value` to the debug exit device: what runs it exits with code `code`, (value << 1) | 1. */
  | { readonly kind: "exit"; readonly code: number }
  /** Turned off through ACPI. */
  | { readonly kind: "power-off" }
  /** Reset: by the keyboard controller, the reset control register, or INIT for the bootstrap processor. */
  | { readonly kind: "reset" }
  /** A processor has shut down: a third exception while delivering a double fault. `report` is its state as text. */
  | { readonly kind: "shutdown"; readonly processor: number; readonly report: string }
  /** All processors are halted, and nothing can wake them. */
  | { readonly kind: "halted" }
  /** The instructions that it was given are used up. */
  | { readonly kind: "fuel" }
  /** The caller's signal was aborted. */
  | { readonly kind: "aborted" };
