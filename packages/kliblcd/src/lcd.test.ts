import { describe, expect, it } from "vitest";
import { testHost } from "../../lcd-domains/test/host";
import {
  type cptr_t,
  KernelError,
  type Klcd,
  klcd_enter,
  klcd_exit,
  type LcdStatus,
  lcd_cap_delete,
  lcd_config,
  lcd_create,
  lcd_destroy,
  lcd_run,
  lcd_status,
  lcd_suspend,
  lcd_wait,
} from ".";

type Operation = (klcd: Klcd, slot: cptr_t) => void;

const operations: Readonly<Record<string, Operation>> = {
  lcd_config: (klcd, slot) => lcd_config(klcd, slot),
  lcd_run,
  lcd_suspend,
  lcd_destroy,
};

/** How to bring a domain, an embryo, into each state. */
const ways: Readonly<Record<LcdStatus, readonly string[]>> = {
  embryo: [],
  configured: ["lcd_config"],
  running: ["lcd_config", "lcd_run"],
  suspended: ["lcd_config", "lcd_run", "lcd_suspend"],
  dead: ["lcd_destroy"],
};

/** Seed 004, LCD STATUS: the edges of the diagram. What is not here is an error there. */
const edges: Readonly<Record<LcdStatus, Readonly<Record<string, LcdStatus>>>> = {
  embryo: { lcd_config: "configured", lcd_destroy: "dead" },
  configured: { lcd_run: "running", lcd_destroy: "dead" },
  running: { lcd_suspend: "suspended", lcd_destroy: "dead" },
  suspended: { lcd_run: "running", lcd_destroy: "dead" },
  dead: {},
};

describe("an lcd", () => {
  for (const [status, way] of Object.entries(ways) as [LcdStatus, readonly string[]][]) {
    for (const [name, operation] of Object.entries(operations)) {
      const next = edges[status][name];
      it(`that is ${status} ${next === undefined ? `refuses ${name} with EINVAL and stays` : `is ${next} after ${name}`}`, async () => {
        const host = testHost();
        const before = host.accounting();
        const klcd = klcd_enter(host);
        const slot = await lcd_create(klcd, "spin");
        for (const step of way) operations[step](klcd, slot);
        expect(lcd_status(klcd, slot)).toBe(status);
        if (next === undefined) {
          expect(() => operation(klcd, slot)).toThrowError(KernelError);
          expect(() => operation(klcd, slot)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
        } else operation(klcd, slot);
        expect(lcd_status(klcd, slot)).toBe(next ?? status);
        klcd_exit(klcd);
        expect(host.accounting()).toEqual(before);
      });
    }
  }

  it("runs its module's init code", async () => {
    const host = testHost();
    const klcd = klcd_enter(host);
    let output = "";
    const console = (bytes: Uint8Array) => {
      output += new TextDecoder().decode(bytes);
    };
    const slot = await lcd_create(klcd, "asker", { console });
    lcd_config(klcd, slot);
    lcd_run(klcd, slot);
    expect(await lcd_wait(klcd, slot)).toEqual({ kind: "exited", value: 0n });
    expect(output).toBe("the answer is 42\n");
    lcd_destroy(klcd, slot);
    klcd_exit(klcd);
  });

  it("goes when its capability is deleted", async () => {
    const host = testHost();
    const before = host.accounting();
    const klcd = klcd_enter(host);
    const slot = await lcd_create(klcd, "hello");
    lcd_cap_delete(klcd, slot);
    expect(() => lcd_status(klcd, slot)).toThrowError(expect.objectContaining({ code: "ENOENT" }));
    klcd_exit(klcd);
    expect(host.accounting()).toEqual(before);
  });
});

describe("a klcd", () => {
  it("takes its domains with it when it exits, whatever they do", async () => {
    const host = testHost();
    const before = host.accounting();
    const klcd = klcd_enter(host);
    expect(host.accounting().kthreads).toBe(1);
    await Promise.all(["hello", "spin", "memory"].map((name) => lcd_create(klcd, name)));
    klcd_exit(klcd);
    expect(host.accounting()).toEqual(before);
  });

  it("cannot name what another klcd made", async () => {
    const host = testHost();
    const [a, b] = [klcd_enter(host, "a"), klcd_enter(host, "b")];
    const slot = await lcd_create(a, "hello");
    expect(() => lcd_run(b, slot)).toThrowError(expect.objectContaining({ code: "ENOENT" }));
    klcd_exit(a);
    klcd_exit(b);
  });
});
