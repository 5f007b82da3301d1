export { type CodeCache, Tier } from "../cpu/code-cache";
export { type DescribedInstruction, type DescribedRegion, describeCode } from "../cpu/ir-print";
export { Processor, type RunStop, TIMER_VECTOR } from "../cpu/processor";
export { Gpr, gprNames, Rflags, Segment } from "../cpu/state";
export { type CpuidResult, cpuid } from "../cpu/system/cpuid";
export { Machine, type MachineOptions } from "./machine";
export { PhysicalMemory } from "./physical-memory";
