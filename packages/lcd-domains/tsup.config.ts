import { packageBuild } from "../../tsup.shared";

export default packageBuild({ index: "src/index.ts", uapi: "src/uapi/index.ts", testing: "src/testing/index.ts" });
