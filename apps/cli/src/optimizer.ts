import { setFlagsFromString } from "node:v8";

/** Milliseconds without V8's optimizing compiler for JavaScript. WebAssembly is not concerned. */
const OPTIMIZE_AFTER = 300;

/**
 * Turns the optimizer off for the first moments: a short command is over before optimized JavaScript pays, and until
 * then its threads only take the processors that the command could use.
 */
export function postponeOptimizer(): void {
  setFlagsFromString("--no-opt");
  setTimeout(resumeOptimizer, OPTIMIZE_AFTER).unref();
}

/** Turns it on at once: for what runs long without letting timers run. */
export function resumeOptimizer(): void {
  setFlagsFromString("--opt");
}
