import type { InitialState } from "./case";

/** What an emulated processor holds when it has stopped. */
export interface Outcome {
  /** Exception vector; null behind the case, at `Layout.exitBase`. */
  readonly vector: number | null;
  readonly errorCode: number;
  /** CR2. */
  readonly address: bigint;
  /** Offset in the code segment. */
  readonly rip: bigint;
  readonly rflags: bigint;
  readonly gpr: BigUint64Array;
  readonly segments: Uint16Array;
  readonly fx: Uint8Array | null;
}

/** An emulated processor as test cases use it. */
export interface Engine {
  readonly name: string;
  /** Instructions retired so far. */
  readonly retired: number;
  /** @param rip offset in the code segment */
  start(rip: bigint, initial: InitialState): void;
  /** Runs at most `limit` instructions. @returns null when they were not enough */
  run(limit: number): Outcome | null;
}
