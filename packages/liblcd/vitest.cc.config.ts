import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** Tests that need a C compiler. */
export default mergeConfig(shared, {
  test: { include: ["tools/**/*.cc.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
