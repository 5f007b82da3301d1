export { MultibootError } from "./error";
export { MULTIBOOT_BOOT_MAGIC } from "./header";
export { type BootModule, loadMultiboot, type MultibootEntry, type MultibootOptions, type ReservedRange } from "./load";
