// `npm start`: from a fresh clone to a kernel module running in a domain.
import { join } from "node:path";
import { root, run, runScript, setup } from "./setup.mjs";

await runScript(async () => {
  await setup();
  console.error("lcd: npx lcd run hello");
  return (await run(process.execPath, [join(root, "apps", "cli", "bin", "lcd.cjs"), "run", "hello"])).code;
});
