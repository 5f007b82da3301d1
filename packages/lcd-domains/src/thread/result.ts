import { type ErrnoName, errnoName } from "lcd-arch-x86";
import type { FaultReport } from "./fault-report";

/**
 * Why somebody or something ended a thread that had not ended itself.
 *
 * - `fuel`: it has used the instructions that it was given
 * - `timeout`: it took longer than somebody wanted to wait
 * - `killed`: somebody asked for it
 * - `destroyed`: its domain was destroyed
 */
export type KillReason = "fuel" | "timeout" | "killed" | "destroyed";

/** How a thread ended. */
export type ThreadResult =
  /** It asked to: `value` is its 64-bit result, 0 to 2^64 - 1. */
  | { readonly kind: "exited"; readonly value: bigint }
  | { readonly kind: "faulted"; readonly report: FaultReport }
  | { readonly kind: "killed"; readonly reason: KillReason };

/**
 * The error that an `int` result stands for, as init functions give them: -4095 to -1.
 *
 * @param value a thread's result; the lower 32 bits count
 * @returns its number, negative, and its name when it has one; `null` when the result is no error
 */
export function errorOfResult(value: bigint): { readonly value: number; readonly name: ErrnoName | undefined } | null {
  const int = Number(BigInt.asIntN(32, value));
  if (int >= 0 || int < -4095) return null;
  return { value: int, name: errnoName(int) };
}
