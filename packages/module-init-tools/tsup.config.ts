import { packageBuild } from "../../tsup.shared";

export default packageBuild(
  {
    index: "src/index.ts",
    node: "src/node.ts",
    "facts-worker": "src/node/facts-worker.ts",
    testing: "src/testing/index.ts",
    "bin/lcd-modprobe": "src/bin/lcd-modprobe.ts",
    "bin/lcd-insmod": "src/bin/lcd-insmod.ts",
    "bin/lcd-depmod": "src/bin/lcd-depmod.ts",
    "bin/lcd-lsmod": "src/bin/lcd-lsmod.ts",
    "bin/lcd-modinfo": "src/bin/lcd-modinfo.ts",
    "bin/lcd-rmmod": "src/bin/lcd-rmmod.ts",
  },
  { external: [/^node:/] },
);
