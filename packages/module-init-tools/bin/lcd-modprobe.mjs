#!/usr/bin/env node
import { lcdModprobe } from "../dist/index.js";
import { runTool } from "../dist/node.js";

await runTool("lcd-modprobe", lcdModprobe);
