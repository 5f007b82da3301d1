#!/usr/bin/env node
/**
 * Runs a workload and watches the compiler:
 *
 *   node watch-compiler.mjs <kernel> <name> <amount> <instructions>
 *
 * The workload "module" is `amount` straight runs of `instructions` instructions, each of them new. Prints JSON: how
 * often the processor asked for code that it did not know (`finds`), the longest time in milliseconds that it waited
 * for an answer and the longest after the first, the instructions that have retired, and the process's resident size
 * now and then.
 */
import { bootKernel } from "./boot-kernel.mjs";
import { straightCode } from "./straight-code.mjs";

const [kernel, name, amount, instructions] = process.argv.slice(2);
const FINDS_PER_LOOK = 256;
const waits = [];
const rss = [];

const modules =
  name === "module" ? Array.from({ length: Number(amount) }, (_, i) => straightCode(Number(instructions), i + 1)) : [];
const computer = bootKernel(kernel, `${name} ${amount}`, { modules, print: () => {} });

const { code } = computer.machine;
const find = code.find.bind(code);
code.find = (...args) => {
  const [began, used] = [performance.now(), process.cpuUsage()];
  const found = find(...args);
  const { user, system } = process.cpuUsage(used);
  // A thread that waits for a processor, which other programs have, does not wait for the compiler.
  waits.push(Math.min(performance.now() - began, (user + system) / 1000));
  if (waits.length % FINDS_PER_LOOK === 1) {
    rss.push(process.memoryUsage.rss());
  }
  return found;
};

await computer.run();
rss.push(process.memoryUsage.rss());
const result = {
  finds: waits.length,
  longest: waits.reduce((most, wait) => Math.max(most, wait), 0),
  afterFirst: waits.slice(1).reduce((most, wait) => Math.max(most, wait), 0),
  retired: computer.executed,
  rss,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
