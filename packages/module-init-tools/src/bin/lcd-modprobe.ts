import { lcdModprobe } from "../modprobe/modprobe";
import { runTool } from "../node";

await runTool("lcd-modprobe", lcdModprobe);
