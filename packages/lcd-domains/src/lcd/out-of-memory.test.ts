import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { lcd_thread_start } from "../thread/lifecycle";
import { lcd_create, lcd_destroy } from "./lifecycle";

describe("when memory runs out", () => {
  // "asker" needs another module; "memory" asks for pages of its own.
  it.each(["memory", "asker"])(
    "at any page at all, %s is refused or runs as far as it gets, and leaves nothing",
    async (name) => {
      const host = testHost();
      const before = host.accounting();
      const owner = host.pages.owner("hog");
      const hogged: ReturnType<typeof host.pages.alloc>[] = [];
      while (host.pages.freePages > 0) hogged.push(host.pages.alloc(owner));
      const ends = new Set<string>();
      while (!ends.has("exited 0")) {
        const full = host.accounting();
        try {
          const lcd = await lcd_create(host, name);
          lcd_thread_start(lcd.init_thread, { fuel: 1_000_000 });
          const result = await lcd.init_thread.wait();
          ends.add(result.kind === "exited" ? `exited ${BigInt.asIntN(32, result.value)}` : result.kind);
          lcd_destroy(lcd);
        } catch (error) {
          expect(error).toMatchObject({ name: "KernelError", code: "ENOMEM" });
        }
        expect(host.accounting()).toEqual(full);
        const next = hogged.pop();
        if (next === undefined) throw new Error(`${name} never ran: ${[...ends]}`);
        host.pages.release(owner, next);
      }
      for (const hpa of hogged) host.pages.release(owner, hpa);
      expect(host.accounting()).toEqual(before);
    },
  );
});
