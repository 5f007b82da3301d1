import { lcdInsmod } from "../insmod/insmod";
import { runTool } from "../tool-process";

await runTool("lcd-insmod", lcdInsmod);
