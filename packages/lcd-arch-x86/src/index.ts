export * from "./address";
export { Gpr, gprNames } from "./cpu/state";
export { Errno, type ErrnoName, errnoName, errnoOf, KernelError } from "./errno";
export * from "./lcd-arch";
export { Machine, type MachineOptions, PhysicalMemory, Processor, type RunStop } from "./machine";
