import { writeFileSync } from "node:fs";
import { icedAsModule } from "../../build/iced";
import { licenses } from "../../build/licenses";
import { packageBuild } from "../../tsup.shared";

const bundled = ["iced-x86"];

/** iced-x86 goes into the bundle, its WebAssembly as well: so the package works wherever ES modules and WebAssembly do. */
export default packageBuild(
  {
    index: "src/index.ts",
    machine: "src/machine/index.ts",
    testing: "src/testing/index.ts",
  },
  {
    noExternal: bundled,
    // What is internal has types of iced-x86, which who uses the package does not have.
    dts: { compilerOptions: { customConditions: [], stripInternal: true } },
    esbuildPlugins: [icedAsModule("inside", ["packages/lcd-arch-x86/src"])],
    onSuccess: async () => writeFileSync("dist/NOTICES-OF-OTHERS.txt", licenses(bundled, ["packages/lcd-arch-x86"])),
  },
);
