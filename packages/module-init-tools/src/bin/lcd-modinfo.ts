import { lcdModinfo } from "../modinfo/modinfo";
import { runTool } from "../tool-process";

await runTool("lcd-modinfo", lcdModinfo);
