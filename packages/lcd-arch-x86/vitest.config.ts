import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** The package's own tests, and the vectors that the real processor answered. */
export default mergeConfig(shared, { test: { include: ["differential/**/*.test.ts"] } });
