import type { MemoryRights } from "./object";

/** What the holder of memory that it asked for may do: all. */
export const ALL_MEMORY_RIGHTS: MemoryRights = { read: true, write: true, execute: true };
