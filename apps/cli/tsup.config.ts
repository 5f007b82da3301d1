import { packageBuild } from "../../tsup.shared";

/**
 * The packages of the repository are bundled, so that a command reads few files; liblcd stays as it is, because it is
 * data on disk, and so does iced-x86, which loads its own WebAssembly.
 */
export default packageBuild(
  { main: "src/main.ts" },
  {
    platform: "node",
    target: "node20",
    dts: false,
    splitting: true,
    noExternal: [/^(elf-image|kliblcd|lcd-arch-x86|lcd-domains|module-init-tools|fzstd|xz-decompress)/],
    external: ["commander", "iced-x86", /^liblcd/],
    esbuildOptions: (options) => {
      options.conditions = ["lcd-source"];
    },
  },
);
