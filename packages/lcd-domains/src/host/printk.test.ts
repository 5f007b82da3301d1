import { expect, it } from "vitest";
import { KernelLog } from "./printk";

it("prints as dmesg does, with the machine's time", () => {
  let time = 0;
  const log = new KernelLog(() => time);
  log.printk("info", "lcd: hello\n");
  time = 12.3456789;
  log.printk("err", "two\nlines");
  expect(log.dmesg()).toBe("[    0.000000] lcd: hello\n[   12.345679] two\n[   12.345679] lines\n");
});

it("shows only what is urgent enough", () => {
  const log = new KernelLog(() => 0);
  log.printk("debug", "a");
  log.printk("warn", "b");
  log.printk("err", "c");
  expect(log.dmesg("warn")).toBe("[    0.000000] b\n[    0.000000] c\n");
});

it("keeps the newest lines, and counts the others", () => {
  const log = new KernelLog(() => 0, 2);
  for (const line of ["a", "b", "c"]) log.printk("info", line);
  expect(log.dmesg()).toBe("[    0.000000] b\n[    0.000000] c\n");
  expect(log.dropped).toBe(1);
});

it("sends lines to a console until it is detached", () => {
  const log = new KernelLog(() => 0);
  const seen: string[] = [];
  const detach = log.attach((record) => seen.push(`${record.level} ${record.text}`));
  log.printk("crit", "seen");
  detach();
  log.printk("crit", "unseen");
  expect(seen).toEqual(["crit seen"]);
});
