/** The `lcd` command as a process. */
import { ExitCode } from "./exit-code";
import { postponeOptimizer } from "./optimizer";
import { lcd } from "./program";
import { processTerminal } from "./terminal";

postponeOptimizer();

// What is built has no line breaks; with its source maps a stack shows where in the source something happened.
if (process.env.LCD_DEBUG === "1") process.setSourceMapsEnabled(true);

process.stdout.on("error", async (error: NodeJS.ErrnoException) => {
  // Whoever read our output has gone (`lcd run spin | head`): nobody is left to tell anything.
  if (error.code === "EPIPE") process.exit(ExitCode.unread);
  const { failureOf } = await import("./failure");
  process.stderr.write(`lcd: standard output: ${failureOf(error)?.message ?? error.message}\n`);
  process.exit(ExitCode.failed);
});

lcd(process.argv.slice(2), processTerminal()).then((exitCode) => {
  process.exitCode = exitCode;
});
