import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** The package's own tests, the vectors that the real processor answered, and the guest programs. */
export default mergeConfig(shared, { test: { include: ["differential/**/*.test.ts", "guests/**/*.test.ts"] } });
