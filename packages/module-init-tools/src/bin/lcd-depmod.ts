import { lcdDepmod } from "../depmod/depmod";
import { runTool } from "../node";

await runTool("lcd-depmod", lcdDepmod);
