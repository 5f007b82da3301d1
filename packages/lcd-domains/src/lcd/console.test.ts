import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { lcd_thread_kill, lcd_thread_start } from "../thread/lifecycle";
import { Console } from "./console";
import { lcd_create, lcd_destroy } from "./lifecycle";

describe("a domain's console", () => {
  it("gathers characters until a line is complete, and keeps the order with whole writes", () => {
    const pieces: string[] = [];
    const console = new Console((bytes) => pieces.push(new TextDecoder().decode(bytes)));
    for (const character of "ab\nc") console.put(character.charCodeAt(0));
    console.write(new TextEncoder().encode("def"));
    console.put("g".charCodeAt(0));
    console.flush();
    console.flush();
    console.write(new Uint8Array(0));
    expect(pieces).toEqual(["ab\n", "c", "def", "g"]);
  });

  it("sends a line that never ends in pieces", () => {
    const pieces: number[] = [];
    const console = new Console((bytes) => pieces.push(bytes.length));
    for (let i = 0; i < 2500; i++) console.put(65);
    console.flush();
    expect(pieces).toEqual([1024, 1024, 452]);
  });

  it("may kill the domain that prints, but not destroy it from there", async () => {
    const host = testHost();
    const refused: unknown[] = [];
    const lcd = await lcd_create(host, "spin", {
      console: () => {
        try {
          lcd_destroy(lcd);
        } catch (error) {
          refused.push(error);
        }
        lcd_thread_kill(lcd.init_thread);
      },
    });
    lcd_thread_start(lcd.init_thread);
    expect(await lcd.init_thread.wait()).toEqual({ kind: "killed", reason: "killed" });
    expect(refused).toEqual([expect.objectContaining({ code: "EBUSY" })]);
    lcd_destroy(lcd);
  });

  it("that fails is an error of the host: the wait is rejected, and the domain can be destroyed", async () => {
    const host = testHost();
    const before = host.accounting();
    const lcd = await lcd_create(host, "hello", {
      console: () => {
        throw new Error("the paper is out");
      },
    });
    lcd_thread_start(lcd.init_thread);
    await expect(lcd.init_thread.wait()).rejects.toThrow("the paper is out");
    lcd_destroy(lcd);
    expect(host.accounting()).toEqual(before);
  });
});
