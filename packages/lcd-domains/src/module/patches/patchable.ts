import type { ModuleMemory } from "../module-memory";
import type { RelocatedNames } from "../relocate";

/** Relocated code that is to be changed for this processor. */
export interface Patchable {
  readonly module: string;
  readonly memory: ModuleMemory;
  readonly names: RelocatedNames;
  hasFeature(feature: number): boolean;
}

/** A section in memory. */
export interface LoadedSection {
  readonly address: bigint;
  readonly end: bigint;
  readonly size: number;
}
