import { packageBuild } from "../../tsup.shared";

export default packageBuild(
  { index: "src/index.ts", node: "src/node.ts", testing: "src/testing/index.ts" },
  { external: [/^node:/] },
);
