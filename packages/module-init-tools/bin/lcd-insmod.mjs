#!/usr/bin/env node
import { lcdInsmod } from "../dist/index.js";
import { runTool } from "../dist/node.js";

await runTool("lcd-insmod", lcdInsmod);
