import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** The package's own tests, and a short run of each campaign. */
export default mergeConfig(shared, { test: { include: ["campaign/**/*.test.ts"] } });
