/** Headers: `lcd-domains/` and the stand-ins under `linux/`. */
export const includeDirectory: string;

/** C sources of liblcd; those of lcd-runtime.ko are in `runtime/`. */
export const sourceDirectory: string;

/** lcd-runtime.ko, the examples, and their modules.dep. */
export const prebuiltDirectory: string;

/** Modules that do something wrong, for tests of who runs them. */
export const testModulesDirectory: string;
