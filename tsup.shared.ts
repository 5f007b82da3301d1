import { defineConfig, type Options } from "tsup";

/** How every TypeScript package of the repository is built: ES modules, declarations, source maps. */
export function packageBuild(entry: Record<string, string>, options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    sourcemap: true,
    clean: true,
    // Without the source condition declarations refer to the built declarations of the other packages.
    dts: { compilerOptions: { customConditions: [] } },
    ...options,
  });
}
