import { packageBuild } from "../../tsup.shared";

const programs = ["lcd-modprobe", "lcd-insmod", "lcd-depmod", "lcd-lsmod", "lcd-modinfo", "lcd-rmmod"];

const library = packageBuild(
  {
    index: "src/index.ts",
    node: "src/node.ts",
    "facts-worker": "src/node/facts-worker.ts",
    testing: "src/testing/index.ts",
  },
  // The programs are built beside it at the same time.
  { external: [/^node:/], clean: ["!bin/**"] },
);

/** Each by itself, and nearly in one file: to find and read the many that they share takes as long as their work. */
const ownFiles = programs.map((name) =>
  packageBuild(
    { [name]: `src/bin/${name}.ts` },
    {
      external: [/^node:/],
      noExternal: [/^(elf-image|lcd-domains)/],
      outDir: "dist/bin",
      clean: false,
      dts: false,
      splitting: true,
      esbuildOptions: (options) => {
        options.conditions = ["lcd-source"];
      },
    },
  ),
);

export default [library, ...ownFiles];
