import { execFileSync } from "node:child_process";

/** Whether gcc is installed: `lcd cc` needs a compiler. */
export function hasCompiler(): boolean {
  try {
    execFileSync("gcc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
