import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const includeDirectory = here("../include");
export const sourceDirectory = here("../src");
export const prebuiltDirectory = here("../prebuilt");
export const testModulesDirectory = here("../prebuilt/test-modules");
