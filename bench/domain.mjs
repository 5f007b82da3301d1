#!/usr/bin/env node
/**
 * Runs a workload's module in a domain of an emulated machine: node domain.mjs <root> <name> <amount>. Prints what
 * baremetal/kernel.c prints, each line behind the time in milliseconds. places.mjs bundles it, so that the packages'
 * sources are measured as they are now.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "lcd-arch-x86/machine";
import { boot, DomainModule, LCD_MODPROBE } from "lcd-domains";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "lcd-domains/uapi";

const [root, name, amount] = process.argv.slice(2);
const read = (path) => new Uint8Array(readFileSync(join(root, path)));

const machine = new Machine({ memory: 64 << 20 });
const host = boot({ machine, runtime: read("../packages/liblcd/prebuilt/lcd-runtime.ko") });
host.registerUsermodeHelper(LCD_MODPROBE, async (_argv, { openDevice }) => {
  const image = read(`prebuilt/bench-${name}.ko`);
  const request = { image, size: image.length, options: "", name: `bench-${name}` };
  return (await openDevice(LCD_DEVICE).ioctl(LCD_LOAD_MODULE, request)) === 0 ? 0 : 1;
});

const module = await DomainModule.load(host, `bench-${name}`);
const run = module.function(`bench_${name}`);
process.stdout.write(`${performance.now()} start\n`);
const checksum = Number((await run(BigInt(amount))) & 0xffffffffn);
process.stdout.write(`${performance.now()} end ${checksum.toString(16).padStart(8, "0")}\n`);
module.destroy();
host.shutdown();
