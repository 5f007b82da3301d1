#!/usr/bin/env node
const { existsSync } = require("node:fs");
const { join } = require("node:path");

// CommonJS, as all that is built: Node takes a third longer to start for an ES module.
const main = join(__dirname, "../dist/main.cjs");
if (existsSync(main)) {
  require(main);
} else {
  console.error("lcd is not built yet: npm start in the repository builds it");
  process.exitCode = 1;
}
