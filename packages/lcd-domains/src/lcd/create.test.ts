import type { hpa_t } from "lcd-arch-x86";
import { describe, expect, it } from "vitest";
import { churn } from "../../test/churn";
import { runModule, testHost } from "../../test/host";
import { lcd_create, lcd_destroy } from "./lifecycle";

describe("lcd_create", () => {
  it("accepts a module's file name, as in seed 000", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello.ko");
    expect(lcd.name).toBe("hello");
    expect(lcd.status).toBe("embryo");
    lcd_destroy(lcd);
  });

  it("leaves nothing behind when memory runs out, at whichever page", async () => {
    const host = testHost();
    const needed = await pagesOf("memory");
    const before = host.accounting();
    const owner = host.pages.owner("hog");
    const hogged: hpa_t[] = [];
    while (host.pages.freePages > 0) hogged.push(host.pages.alloc(owner));
    for (let free = 0; free < needed; free++) {
      await expect(lcd_create(host, "memory")).rejects.toMatchObject({ code: "ENOMEM" });
      expect(host.pages.freePages).toBe(free);
      const given = hogged.pop();
      if (given !== undefined) host.pages.release(owner, given);
    }
    lcd_destroy(await lcd_create(host, "memory"));
    for (const hpa of hogged) host.pages.release(owner, hpa);
    expect(host.accounting()).toEqual(before);
  });

  it("says which symbol is unknown, and keeps nothing of the module", async () => {
    const host = testHost();
    const before = host.accounting();
    await expect(lcd_create(host, "unknown-symbol")).rejects.toMatchObject({
      code: "ENOENT",
      message: expect.stringContaining("nobody_exports_this"),
    });
    expect(host.dmesg()).toContain("Unknown symbol nobody_exports_this (err -2)");
    expect(host.accounting()).toEqual(before);
  });

  it("says that a module does not exist", async () => {
    await expect(lcd_create(testHost(), "nothing")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("may be asked for the same module twice at once", async () => {
    const host = testHost();
    const before = host.accounting();
    const both = await Promise.all([lcd_create(host, "asker"), lcd_create(host, "asker")]);
    expect(host.accounting().modules).toEqual(["asker", "answer"]);
    expect(host.procModules()).toMatch(/^asker \d+ 2 - Live .*\nanswer \d+ 1 asker, Live .*\n$/);
    for (const lcd of both) lcd_destroy(lcd);
    expect(host.accounting()).toEqual(before);
  });
});

describe("domains, created and destroyed", () => {
  const count = Number(process.env.LCD_DOMAINS ?? 10_000);
  it(`${count} times, with every kind of failure among them, leave the host as it was`, {
    timeout: 600_000,
  }, async () => {
    const host = testHost({ memory: 4 * 1024 * 1024 });
    await runModule(host, "hello");
    const before = host.accounting();
    const seen = await churn(host, count, 1);
    expect(seen.size).toBeGreaterThan(25);
    expect(host.accounting()).toEqual(before);
    host.shutdown();
    expect([...host.pages.usage()]).toEqual([]);
  });
});

/** The fewest free pages with which a domain of this module can be made. */
async function pagesOf(name: string): Promise<number> {
  const host = testHost();
  const before = host.pages.freePages;
  const lcd = await lcd_create(host, name);
  const used = before - host.pages.freePages;
  lcd_destroy(lcd);
  return used;
}
