export * from "./address";
export { Gpr, gprNames } from "./cpu/state";
export { Errno, type ErrnoName, errnoName, errnoOf, KernelError } from "./errno";
export * from "./lcd-arch";
export { PhysicalMemory } from "./machine/physical-memory";
