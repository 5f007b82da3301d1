import { lcdInsmod } from "../insmod/insmod";
import { runTool } from "../node";

await runTool("lcd-insmod", lcdInsmod);
