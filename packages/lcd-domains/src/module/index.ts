/** load_module: from an ELF image to a module in memory (seed 000, SETUP; design/microkernel.md, Loading a module). */
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
