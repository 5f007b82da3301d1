// `npm test`: sets up as `npm start` does, then runs the unit tests of every package in one vitest process.
// What follows `--` goes to vitest: `npm test -- packages/elf-image`.
import { run, runScript, setup } from "./setup.mjs";

await runScript(async () => {
  await setup();
  const wanted = process.argv.slice(2);
  console.error(`lcd: running the unit tests${wanted.length === 0 ? " of all packages" : ""} ...`);
  return (await run("vitest", ["run", ...wanted])).code;
});
