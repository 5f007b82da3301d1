import { packageBuild } from "../../tsup.shared";

export default packageBuild({ main: "src/main.ts" }, { platform: "node" });
