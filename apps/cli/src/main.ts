/** The `lcd` command as a process. */
import { postponeOptimizer } from "./optimizer";
import { lcd } from "./program";
import { processTerminal } from "./terminal";

postponeOptimizer();

// What is built has no line breaks; with its source maps a stack shows where in the source something happened.
if (process.env.LCD_DEBUG === "1") process.setSourceMapsEnabled(true);

// Whoever read our output has gone (`lcd run spin | head`): nobody is left to tell anything.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

lcd(process.argv.slice(2), processTerminal()).then((exitCode) => {
  process.exitCode = exitCode;
});
