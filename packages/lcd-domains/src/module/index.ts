/** load_module: from an ELF image to a module in memory (seed 000, SETUP; docs/module-loading.md, Loading it). */
export { type Cpuid, hasLinuxFeature } from "./cpu-features";
export { ImageCache } from "./image-cache";
export { loadModule } from "./load-module";
export type {
  ExportedSymbol,
  LoadedModule,
  LoadRequest,
  LogLevel,
  ModuleHost,
  ModuleParameter,
  ModulePart,
  ModuleSymbol,
  ResolvedSymbol,
} from "./types";
export { MODULE_SPACE_SIZE, MODULE_SPACE_START } from "./types";
