// `npm test`: sets up as `npm start` does, then runs the unit tests of every package in one vitest process.
// What follows `--` goes to vitest: `npm test -- packages/elf-image`.
import { run, runScript, setup } from "./setup.mjs";

await runScript(async () => {
  await setup();
  console.error("lcd: running the unit tests of all packages ...");
  return (await run("vitest", ["run", ...process.argv.slice(2)])).code;
});
