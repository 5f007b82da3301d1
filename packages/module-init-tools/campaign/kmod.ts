import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeText } from "elf-image";
import { memoryFiles } from "../src";
import type { CampaignKind } from "./kind";
import { pick, spoilt } from "./mutations";
import { runTool } from "./tools";

/** Whether kmod is installed. */
export function hasKmod(): boolean {
  return spawnSync("modinfo", ["-V"]).status === 0;
}

/** Spoilt modules, shown by modinfo of kmod too: counts where exit codes and output agree, and where kmod crashes. */
export function besideKmod(modules: readonly Uint8Array[]): CampaignKind & { close(): void } {
  const folder = mkdtempSync(join(tmpdir(), "lcd-campaign-"));
  const path = join(folder, "x.ko");
  return {
    seconds: 2,
    megabytes: 500,
    async run(_, random, outcome) {
      const bytes = spoilt(pick(modules, random), random);
      writeFileSync(path, bytes);
      const { status, signal, stdout } = spawnSync("modinfo", [path], { timeout: 10_000 });
      const { code, output } = await runTool(`modinfo ${path}`, memoryFiles({ [path]: bytes }));
      if (signal !== null) outcome(`kmod ended by ${signal}`);
      else if (status !== code) outcome(`kmod ${status}, lcd ${code}`);
      else outcome(stdout.equals(encodeText(output)) ? `both ${code}` : `both ${code}, other output`);
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
