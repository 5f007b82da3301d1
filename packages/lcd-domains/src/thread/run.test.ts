import { __gpa, lcd_arch_ept_gpa_to_hpa } from "lcd-arch-x86";
import { describe, expect, it } from "vitest";
import { OutputText, runModule, runToEnd, testHost } from "../../test/host";
import { MODULE_BASE } from "../lcd/layout";
import { lcd_create, lcd_destroy } from "../lcd/lifecycle";
import { lcd_thread_kill, lcd_thread_start } from "./lifecycle";
import { errorOfResult } from "./result";

const returned0 = { kind: "exited", value: 0n };

describe("a domain", () => {
  it("runs a module's init code and says hello", async () => {
    const { result, output } = await runModule(testHost(), "hello");
    expect(result).toEqual(returned0);
    expect(output).toBe(
      "Hello from an isolated kernel module!\n" +
        'numbers: -42, 42, 0xbeef, 9007199254740993; a string: "isolated"; a character: !\n',
    );
  });

  it("has the parameters that it was loaded with", async () => {
    const parameters = ["count=2", "name=Ada", "loud=1", "sizes=1,20,300"];
    const { result, output } = await runModule(testHost(), "params", { parameters });
    expect(result).toEqual(returned0);
    expect(output).toBe("Hello, Ada!\nHello, Ada!\n3 sizes, together 321\n");
  });

  it("asks for pages, maps them and uses them", async () => {
    const { result, output } = await runModule(testHost(), "memory");
    expect(result).toEqual(returned0);
    expect(output).toMatch(/^slot 1 at gpa 0x[0-9a-f]+: "a page of our own"\n/);
    // 0 + 1 + 4 + ... + 999^2 = 999 * 1000 * 1999 / 6
    expect(output).toMatch(/sum of 1000 squares in \d+ bytes: 332833500\n$/);
  });

  it("calls a function of another module", async () => {
    const { result, output } = await runModule(testHost(), "asker");
    expect(result).toEqual(returned0);
    expect(output).toBe("the answer is 42\n");
  });

  it("ends with what its init function returns", async () => {
    const { result } = await runModule(testHost(), "init-fails");
    expect(result.kind === "exited" && errorOfResult(result.value)).toEqual({ value: -22, name: "EINVAL" });
  });

  it("ends by lcd_exit from anywhere", async () => {
    const { result } = await runModule(testHost(), "exits", { parameters: ["result=7"] });
    expect(result).toEqual({ kind: "exited", value: 7n });
  });

  it("finds its registers kept by a syscall", async () => {
    expect((await runModule(testHost(), "registers")).result).toEqual(returned0);
  });

  it("gets the errors that bad arguments of syscalls deserve, and goes on", async () => {
    const { result, output } = await runModule(testHost(), "syscalls");
    expect(result).toEqual(returned0);
    const [ENOENT, EFAULT, EBUSY, EEXIST, EINVAL, ENOSYS] = [-2, -14, -16, -17, -22, -38];
    expect(output.trimEnd().split("\n")).toEqual([
      `number 99: ${ENOSYS}`,
      `number -1: ${ENOSYS}`,
      `write from null: ${EFAULT}`,
      `write from a non-canonical address: ${EFAULT}`,
      `write beyond the end: ${EFAULT}`,
      `write too much: ${EFAULT}`,
      "write nothing: 0",
      `pages in slot 0: ${EINVAL}`,
      `pages of order 60: ${EINVAL}`,
      `map an empty slot: ${ENOENT}`,
      `unmap an empty slot: ${ENOENT}`,
      `pages in a slot that is taken: ${EEXIST}`,
      `unmap what is not mapped: ${EINVAL}`,
      `map at an odd address: ${EINVAL}`,
      `map beyond the last address: ${EINVAL}`,
      `map over the stack: ${EEXIST}`,
      "map: 0",
      `map again: ${EBUSY}`,
      "unmap: 0",
      `unmap again: ${EINVAL}`,
    ]);
  });

  it("can take all the memory there is, and gets an error then", async () => {
    const host = testHost({ memory: 8 * 1024 * 1024 });
    const { result, output } = await runModule(host, "exhaust-memory");
    expect(result.kind === "exited" && errorOfResult(result.value)?.name).toBe("ENOMEM");
    const got = Number(/got (\d+) KiB/.exec(output)?.[1]);
    expect(got).toBeGreaterThan(4 * 1024);
    expect(got).toBeLessThan(8 * 1024);
  });
});

describe("domains together", () => {
  it("do not stop each other: one spins on the only processor, another finishes", async () => {
    const host = testHost({ processors: 1, timeSlice: 10_000 });
    const spinner = await lcd_create(host, "spin");
    lcd_thread_start(spinner.init_thread);
    expect((await runModule(host, "hello")).result).toEqual(returned0);
    expect(spinner.init_thread.state).toBe("runnable");
    expect(spinner.init_thread.instructions).toBeGreaterThan(0);
    lcd_thread_kill(spinner.init_thread);
    expect(await spinner.init_thread.wait()).toEqual({ kind: "killed", reason: "killed" });
    lcd_destroy(spinner);
  });

  it("with a more urgent priority interrupt others, which get nothing until they are done", async () => {
    const host = testHost({ processors: 1, timeSlice: 50_000 });
    const spinner = await lcd_create(host, "spin");
    lcd_thread_start(spinner.init_thread, { priority: 130 });
    while (spinner.init_thread.instructions === 0) await new Promise((resolve) => setImmediate(resolve));
    const urgent = await lcd_create(host, "memory");
    lcd_thread_start(urgent.init_thread, { priority: 10 });
    const { instructions } = spinner.init_thread;
    expect(await urgent.init_thread.wait()).toEqual(returned0);
    expect(spinner.init_thread.instructions).toBe(instructions);
    lcd_destroy(urgent);
    lcd_destroy(spinner);
  });

  it("take turns when they yield", async () => {
    const host = testHost({ processors: 1 });
    const both = new OutputText();
    const a = await lcd_create(host, "putchar-loop", { console: both.write, parameters: ["times=3"] });
    const b = await lcd_create(host, "putchar-loop", { console: both.write });
    await Promise.all([runToEnd(a), runToEnd(b)]);
    // Each turn prints one character; the domains share one module, loaded with times=3.
    expect(both.text).toBe("xxxxxx\n\n");
    lcd_destroy(a);
    lcd_destroy(b);
  });

  it("share the text of a module, but not its data", async () => {
    const host = testHost();
    const first = await lcd_create(host, "params");
    const second = await lcd_create(host, "params");
    expect(host.accounting().modules).toEqual(["params"]);
    expect(host.procModules()).toMatch(/^params \d+ 2 - Live 0xffffffffa0[0-9a-f]+\n$/);
    let gpa = MODULE_BASE;
    for (const { part, pages } of first.module.parts) {
      for (const _ of pages) {
        const [a, b] = [first, second].map(({ arch }) => lcd_arch_ept_gpa_to_hpa(arch, __gpa(gpa)));
        expect(a === b).toBe(part.kind !== "data");
        gpa += 4096;
      }
    }
    lcd_destroy(first);
    expect(host.accounting().modules).toEqual(["params"]);
    lcd_destroy(second);
    expect(host.accounting().modules).toEqual([]);
  });

  it("run the same, instruction for instruction, each time", async () => {
    const run = async () => {
      const host = testHost({ seed: 7 });
      const lcd = await lcd_create(host, "memory");
      await runToEnd(lcd);
      return lcd.init_thread.instructions;
    };
    expect(await run()).toBe(await run());
  });
});
