import { lcdLsmod } from "../lsmod/lsmod";
import { runTool } from "../tool-process";

await runTool("lcd-lsmod", lcdLsmod);
