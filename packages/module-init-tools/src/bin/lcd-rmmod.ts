import { runTool } from "../node";
import { lcdRmmod } from "../rmmod/rmmod";

await runTool("lcd-rmmod", lcdRmmod);
