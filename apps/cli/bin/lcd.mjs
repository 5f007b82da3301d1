#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error("lcd is not built yet: npm start in the repository builds it");
  process.exitCode = 1;
}
