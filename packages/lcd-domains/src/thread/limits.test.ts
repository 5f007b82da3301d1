import { describe, expect, it } from "vitest";
import { runModule, testHost } from "../../test/host";
import { lcd_create, lcd_destroy, lcd_run, lcd_suspend } from "../lcd/lifecycle";
import { lcd_thread_kill, lcd_thread_start } from "./lifecycle";

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 10));

describe("a limit", () => {
  it("of fuel ends a domain after exactly so many instructions", async () => {
    const host = testHost({ timeSlice: 7_000 });
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread, { fuel: 100_001 });
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "fuel" });
    expect(lcd.init_thread.instructions).toBe(100_001);
    lcd_destroy(lcd);
  });

  it("does not touch a domain that keeps it", async () => {
    expect((await runModule(testHost(), "hello", { fuel: 1_000_000 })).result).toMatchObject({ kind: "exited" });
  });

  it("of priorities is 0 to 139", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello");
    for (const priority of [-1, 140, 0.5]) {
      const start = () => lcd_thread_start(lcd.init_thread, { priority });
      expect(start).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    }
    expect(lcd.status).toBe("embryo");
    lcd_destroy(lcd);
  });

  it("cannot be changed by starting a domain again", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread, { fuel: 50_000 });
    const again = () => lcd_thread_start(lcd.init_thread, { fuel: 1_000_000, priority: 0 });
    expect(again).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    await lcd.init_thread.wait();
    expect(lcd.init_thread.instructions).toBe(50_000);
    lcd_destroy(lcd);
  });

  it("of fuel must be more than nothing", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "hello");
    expect(() => lcd_thread_start(lcd.init_thread, { fuel: 0 })).toThrowError(
      expect.objectContaining({ code: "EINVAL" }),
    );
    lcd_destroy(lcd);
  });

  it("of time is for somebody with a clock to set: killing works while the domain spins", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread);
    setTimeout(() => lcd_thread_kill(lcd.init_thread, "timeout"), 5);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "timeout" });
    lcd_destroy(lcd);
    expect(host.scheduler.runnable).toBe(0);
  });
});

describe("a domain that is suspended", () => {
  it("does not run until lcd_run", async () => {
    const host = testHost();
    const lcd = await lcd_create(host, "spin");
    lcd_thread_start(lcd.init_thread);
    await pause();
    lcd_suspend(lcd);
    const { instructions } = lcd.init_thread;
    await pause();
    expect(lcd.init_thread.instructions).toBe(instructions);
    lcd_run(lcd);
    await pause();
    expect(lcd.init_thread.instructions).toBeGreaterThan(instructions);
    lcd_destroy(lcd);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "destroyed" });
  });
});
