import { lcdDepmod } from "../depmod/depmod";
import { runTool } from "../tool-process";

await runTool("lcd-depmod", lcdDepmod);
