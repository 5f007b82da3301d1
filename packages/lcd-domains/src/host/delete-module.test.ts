import { describe, expect, it } from "vitest";
import { runToEnd, testHost } from "../../test/host";
import { prebuilt } from "../../test/prebuilt";
import { lcd_create, lcd_destroy } from "../lcd/lifecycle";
import { lcd_thread_start, lcd_thread_wait } from "../thread/lifecycle";
import { LCD_DEVICE, LCD_LOAD_MODULE } from "../uapi";
import type { HostKernel } from "./host-kernel";
import { request_lcd_module } from "./request-module";

const names = (host: HostKernel) => host.accounting().modules;
const load = (host: HostKernel, name: string) => {
  const image = prebuilt(name);
  return host.devices.open(LCD_DEVICE).ioctl(LCD_LOAD_MODULE, { image, size: image.length, options: "", name });
};
const [ENOENT, EEXIST] = [-2, -17];

// The codes are those of delete_module(2).
describe("deleteModule", () => {
  it("takes out one module that nobody uses, and nothing else", async () => {
    const host = testHost();
    const before = host.accounting();
    await request_lcd_module(host, "asker");
    await host.deleteModule("asker");
    expect(names(host)).toEqual(["answer"]);
    await host.deleteModule("answer");
    expect(host.accounting()).toEqual(before);
    await expect(host.deleteModule("answer")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("wants the name that the module has, not an alias or a file", async () => {
    const host = testHost();
    await request_lcd_module(host, "wild-write");
    for (const name of ["wild-write", "wild_write.ko", "", "../hello", "__proto__"]) {
      await expect(host.deleteModule(name)).rejects.toMatchObject({ code: "ENOENT" });
    }
    await host.deleteModule("wild_write");
  });

  it("never takes out what another module uses", async () => {
    const host = testHost();
    await request_lcd_module(host, "asker");
    for (const flags of [{}, { wait: true }, { force: true }]) {
      await expect(host.deleteModule("answer", flags)).rejects.toMatchObject({ code: "EAGAIN" });
    }
    expect(names(host)).toEqual(["asker", "answer"]);
  });

  it("does not take out what a domain has", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello");
    await expect(host.deleteModule("hello")).rejects.toMatchObject({ code: "EAGAIN" });
    expect(await runToEnd(lcd)).toMatchObject({ kind: "exited" });
    lcd_destroy(lcd);
  });

  it("by force destroys the domains that have it, and tells who waits for them", async () => {
    const host = testHost();
    const before = host.accounting();
    await request_lcd_module(host, "spin");
    const lcds = [await lcd_create(host, "spin"), await lcd_create(host, "spin")];
    lcd_thread_start(lcds[0].init_thread);
    const ended = lcd_thread_wait(lcds[0].init_thread);
    await host.deleteModule("spin", { force: true });
    expect(await ended).toEqual({ kind: "killed", reason: "destroyed" });
    expect(lcds.map((lcd) => lcd.status)).toEqual(["dead", "dead"]);
    expect(host.accounting()).toEqual(before);
    expect(host.dmesg("warn")).toContain("module spin: forced out, and 2 domains with it");
  });

  it("cannot be forced from the console output of a domain that has the module", async () => {
    const host = testHost();
    const tries: Promise<unknown>[] = [];
    const console = () => void tries.push(host.deleteModule("hello", { force: true }).catch((error) => error.code));
    const lcd = await lcd_create(host, "hello", { console });
    expect(await runToEnd(lcd)).toMatchObject({ kind: "exited", value: 0n });
    expect(await tries[0]).toBe("EBUSY");
    lcd_destroy(lcd);
  });
});

describe("deleteModule that waits", () => {
  it("takes the module out when the last domain goes", async () => {
    const host = testHost();
    await request_lcd_module(host, "hello");
    const lcds = [await lcd_create(host, "hello"), await lcd_create(host, "hello")];
    let done = false;
    const deleted = host.deleteModule("hello", { wait: true }).then(() => {
      done = true;
    });
    lcd_destroy(lcds[0]);
    await Promise.resolve();
    expect(done).toBe(false);
    lcd_destroy(lcds[1]);
    await deleted;
    expect(names(host)).toEqual([]);
    await host.deleteModule("hello", { wait: true }).catch((error) => expect(error.code).toBe("ENOENT"));
  });

  it("does not wait for a module that nobody uses", async () => {
    const host = testHost();
    await request_lcd_module(host, "hello");
    await host.deleteModule("hello", { wait: true });
    expect(names(host)).toEqual([]);
  });

  it("lets nobody new use the module meanwhile", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "answer");
    const deleted = host.deleteModule("answer", { wait: true });
    expect(host.procModules()).toMatch(/^answer \d+ 1 - Unloading 0x/);
    await expect(lcd_create(host, "answer")).rejects.toMatchObject({ code: "EBUSY" });
    await expect(host.deleteModule("answer")).rejects.toMatchObject({ code: "EBUSY" });
    expect(await load(host, "answer")).toBe(EEXIST);
    expect(await load(host, "asker")).toBe(ENOENT);
    lcd_destroy(lcd);
    await deleted;
    lcd_destroy(await lcd_create(host, "asker"));
  });

  it("ends when it is told to: the module stays, and can be used again", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello");
    const abort = new AbortController();
    const deleted = host.deleteModule("hello", { wait: true, signal: abort.signal });
    abort.abort();
    await expect(deleted).rejects.toMatchObject({ code: "EINTR" });
    await expect(host.deleteModule("hello", { wait: true, signal: abort.signal })).rejects.toMatchObject({
      code: "EINTR",
    });
    lcd_destroy(await lcd_create(host, "hello"));
    expect(host.procModules()).toMatch(/^hello \d+ 1 - Live 0x/);
    lcd_destroy(lcd);
  });

  it("ends when somebody else forces the module out", async () => {
    const host = testHost();
    await request_lcd_module(host, "hello");
    await lcd_create(host, "hello");
    const deleted = host.deleteModule("hello", { wait: true });
    await host.deleteModule("hello", { force: true });
    expect(await load(host, "hello")).toBe(0);
    await deleted;
    expect(names(host)).toEqual(["hello"]);
  });
});

describe("the kernel's files", () => {
  it("show modules while they are loaded", async () => {
    const host = testHost();
    expect(host.kernelFiles()).toEqual({ "/proc/modules": "" });
    await request_lcd_module(host, "asker");
    const lcd = await lcd_create(host, "answer");
    const files = host.kernelFiles();
    expect(files["/proc/modules"]).toMatch(/^asker (\d+) 0 - Live 0x.*\nanswer (\d+) 2 asker, Live 0x.*\n$/);
    expect(files["/sys/module/asker/coresize"]).toBe(`${/^asker (\d+)/.exec(files["/proc/modules"])?.[1]}\n`);
    expect(files["/sys/module/answer/refcnt"]).toBe("2\n");
    expect(files["/sys/module/answer/initstate"]).toBe("live\n");
    expect(Object.keys(files).filter((path) => path.includes("/holders/"))).toEqual([
      "/sys/module/answer/holders/asker",
    ]);
    const deleted = host.deleteModule("asker").then(() => host.deleteModule("answer", { wait: true }));
    await Promise.resolve();
    await Promise.resolve();
    expect(host.kernelFiles()["/sys/module/answer/initstate"]).toBe("going\n");
    lcd_destroy(lcd);
    await deleted;
    expect(host.kernelFiles()).toEqual({ "/proc/modules": "" });
  });
});
