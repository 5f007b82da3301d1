import { defineConfig } from "vitest/config";

/** Packages find each other's sources through this export condition, so that tests need no build. */
const conditions = ["lcd-source", "module", "node", "development"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["src/**/*.test.ts"], testTimeout: 20_000 },
});
