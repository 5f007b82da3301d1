import { packageBuild } from "../../tsup.shared";

export default packageBuild({
  index: "src/index.ts",
  machine: "src/machine/index.ts",
  testing: "src/testing/index.ts",
});
