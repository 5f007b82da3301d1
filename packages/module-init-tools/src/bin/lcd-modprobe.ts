import { lcdModprobe } from "../modprobe/modprobe";
import { runTool } from "../tool-process";

await runTool("lcd-modprobe", lcdModprobe);
