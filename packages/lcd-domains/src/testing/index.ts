/** For tests of what stands on the microkernel. */
export { installModules, type ModuleSet } from "./install-modules";
export { testMemory } from "./memory";
