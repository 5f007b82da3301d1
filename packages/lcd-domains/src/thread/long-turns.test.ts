import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { RAW_CODE, RAW_GPA, rawDomain, syscall, word } from "../../test/raw-domain";
import type { Lcd } from "../lcd/lcd";
import { lcd_destroy, lcd_run } from "../lcd/lifecycle";
import { lcd_thread_kill } from "./lifecycle";

/** l: inc dword [f + 1]; call f; jmp l; f: mov eax, 0; ret */
const newCode = [0xff, 0x04, 0x25, ...word(RAW_CODE + 15), 0xe8, ...word(2), 0xeb, 0xf2, 0xb8, 0, 0, 0, 0, 0xc3];
/** PAGES_ALLOC(1, 8); l: MMAP(1, RAW_GPA + 1 MiB); MUNMAP(1); jmp l */
const mapping = [...syscall(7, 1, 8), ...syscall(8, 1, RAW_GPA + 0x10_0000), ...syscall(9, 1), 0xeb, 0xce];
/** l: WRITE(RAW_CODE, 8192); jmp l */
const printing = [...syscall(17, RAW_CODE, 8192), 0xeb, 0xe6];

describe("a domain that", () => {
  it.each([
    ["runs code that is new all the time", newCode],
    ["maps and unmaps a MiB all the time", mapping],
    ["prints all the time", printing],
  ])("%s does not keep other JavaScript from running until it has retired a time slice", async (_, code) => {
    const yields: number[] = [];
    let lcd: Lcd | null = null;
    const host = testHost({
      processors: 1,
      yieldToEventLoop: () => {
        if (lcd !== null && yields.push(lcd.init_thread.instructions) === 1)
          lcd_thread_kill(lcd.init_thread, "timeout");
        return new Promise((resolve) => setImmediate(resolve));
      },
    });
    lcd = await rawDomain(host, code);
    lcd_run(lcd);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "timeout" });
    // A time slice is 1,000,000 instructions.
    expect(yields[0]).toBeLessThan(100_000);
    lcd_destroy(lcd);
  });
});
