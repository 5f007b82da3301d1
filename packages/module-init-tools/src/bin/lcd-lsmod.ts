import { lcdLsmod } from "../lsmod/lsmod";
import { runTool } from "../node";

await runTool("lcd-lsmod", lcdLsmod);
