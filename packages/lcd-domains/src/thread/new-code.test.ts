import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { RAW_CODE, rawDomain, word } from "../../test/raw-domain";
import type { Lcd } from "../lcd/lcd";
import { lcd_destroy, lcd_run } from "../lcd/lifecycle";
import { lcd_thread_kill } from "./lifecycle";

describe("a domain whose code is new all the time", () => {
  it("does not keep other JavaScript from running until its time slice is over", async () => {
    const yields: number[] = [];
    let lcd: Lcd | null = null;
    const host = testHost({
      processors: 1,
      yieldToEventLoop: () => {
        if (lcd !== null && yields.push(lcd.init_thread.instructions) === 2)
          lcd_thread_kill(lcd.init_thread, "timeout");
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    // l: inc dword [f + 1]; call f; jmp l; f: mov eax, 0; ret
    const code = [0xff, 0x04, 0x25, ...word(RAW_CODE + 15), 0xe8, ...word(2), 0xeb, 0xf2, 0xb8, 0, 0, 0, 0, 0xc3];
    lcd = await rawDomain(host, code);
    lcd_run(lcd);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "timeout" });
    // A time slice is 1,000,000 instructions.
    expect(yields[1]).toBeLessThan(10_000);
    lcd_destroy(lcd);
  });
});
