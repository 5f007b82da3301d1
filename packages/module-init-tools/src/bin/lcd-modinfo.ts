import { lcdModinfo } from "../modinfo/modinfo";
import { runTool } from "../node";

await runTool("lcd-modinfo", lcdModinfo);
