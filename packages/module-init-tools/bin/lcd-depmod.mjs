#!/usr/bin/env node
import { lcdDepmod } from "../dist/index.js";
import { runTool } from "../dist/node.js";

await runTool("lcd-depmod", lcdDepmod);
