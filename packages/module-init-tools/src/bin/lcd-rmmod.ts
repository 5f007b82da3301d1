import { lcdRmmod } from "../rmmod/rmmod";
import { runTool } from "../tool-process";

await runTool("lcd-rmmod", lcdRmmod);
