import { Mnemonic } from "iced-x86";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/** CLFLUSH and its like are checked as loads of one byte (SDM 2A, "CLFLUSH"); there is no cache to do anything to. */
const touch = (lift: Lift): void => {
  lift.read(0, 1);
};

const nothing = (): void => {};

/** Instructions about cache lines, and hints: encodings that are no-operations where what they hint at is not there. */
export const cacheLines: LiftTable = [
  [Mnemonic.Clflush, touch],
  [Mnemonic.Clflushopt, touch],
  [Mnemonic.Clwb, touch],
  [Mnemonic.Cldemote, nothing],
  [Mnemonic.Prefetch, nothing],
  [Mnemonic.Prefetchw, nothing],
  [Mnemonic.Prefetchwt1, nothing],
  [Mnemonic.Prefetchnta, nothing],
  [Mnemonic.Prefetcht0, nothing],
  [Mnemonic.Prefetcht1, nothing],
  [Mnemonic.Prefetcht2, nothing],
  [Mnemonic.Prefetchit0, nothing],
  [Mnemonic.Prefetchit1, nothing],
  // Without CET shadow stacks they leave their register as it is (SDM 2B, "RDSSPD/RDSSPQ").
  [Mnemonic.Rdsspd, nothing],
  [Mnemonic.Rdsspq, nothing],
];
