import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

export default mergeConfig(shared, { test: { include: ["tools/**/*.test.ts"], exclude: ["tools/**/*.cc.test.ts"] } });
