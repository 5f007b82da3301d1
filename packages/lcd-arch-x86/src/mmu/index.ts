export { Access, EptViolation, type MmuFault, PageFaultError } from "./access";
export { CR4_SUPPORTED, Cr0, Cr4, EFER_SUPPORTED, Efer, MAXPHYADDR } from "./control-bits";
export { isCanonical, isCanonicalHigh, MAX_LINEAR_BITS } from "./linear-address";
export { isReservedPdpte, Mmu, type PdpteLoad } from "./mmu";
export { EptFlag, EXECUTE_DISABLE, PageFlag } from "./paging-entry";
export { PagingMode, pagingMode } from "./paging-mode";
export type { Ram } from "./ram";
export { RegisterWord, translationContext } from "./translation-context";
