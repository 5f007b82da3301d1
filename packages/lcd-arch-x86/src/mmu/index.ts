export { Access, EptViolation, type MmuFault, PageFaultError } from "./access";
export { CR4_SUPPORTED, Cr0, Cr4, EFER_SUPPORTED, Efer, MAXPHYADDR } from "./control-bits";
export { Mmu } from "./mmu";
export { EptFlag, EXECUTE_DISABLE, PageFlag } from "./paging-entry";
export type { Ram } from "./ram";
