import { __gpa, __gva } from "lcd-arch-x86";
import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { lcd_config, lcd_create, lcd_destroy, lcd_run } from "../lcd/lifecycle";
import { lcd_thread_kill } from "./lifecycle";

const everything = { read: true, write: true, execute: true };
const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

describe("a domain whose code is new all the time", () => {
  it("does not keep other JavaScript from running until its time slice is over", async () => {
    const yields: number[] = [];
    const host = testHost({
      processors: 1,
      yieldToEventLoop: () => {
        yields.push(lcd.init_thread.instructions);
        if (yields.length === 2) lcd_thread_kill(lcd.init_thread, "timeout");
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    const lcd = await lcd_create(host, "spin");
    const code = 0x1000_0000;
    const image = new Uint8Array(4096);
    // l: inc dword [f + 1]; call f; jmp l; f: mov eax, 0; ret
    image.set([0xff, 0x04, 0x25, ...word(code + 15), 0xe8, ...word(2), 0xeb, 0xf2, 0xb8, 0, 0, 0, 0, 0xc3]);
    // Linear code is guest-physical 0x20000000; tables, one of each level, behind it.
    const gpa = 0x2000_0000;
    lcd.space.mapNew(gpa, image, everything);
    const table = (level: number, index: number): void => {
      const entries = new BigUint64Array(512);
      entries[index] = BigInt(gpa + level * 0x1000) | 3n;
      lcd.space.mapNew(gpa + (level + 1) * 0x1000, new Uint8Array(entries.buffer), everything);
    };
    table(0, 0);
    table(1, 128);
    table(2, 0);
    table(3, 0);
    lcd_config(lcd, { gva_root: __gpa(gpa + 0x4000), pc: __gva(code), sp: __gva(code + 0x1000) });
    lcd_run(lcd);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "timeout" });
    // A time slice is 1,000,000 instructions.
    expect(yields[1]).toBeLessThan(10_000);
    lcd_destroy(lcd);
  });
});
