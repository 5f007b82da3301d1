import { defineConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

/** Tests with modules of a real kernel, which has to be there: LCD_KERNEL_MODULES. */
export default defineConfig({
  ...shared,
  test: { include: ["real-modules/**/*.test.ts"], testTimeout: 60_000 },
});
