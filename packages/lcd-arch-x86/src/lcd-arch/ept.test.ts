import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { __gpa, __hpa, type gpa_t, PAGE_SIZE } from "../address";
import { EptWalker } from "../mmu/ept-walker";
import {
  type EptMapOptions,
  lcd_arch_ept_gpa_to_hpa,
  lcd_arch_ept_map,
  lcd_arch_ept_map_range,
  lcd_arch_ept_unmap,
  lcd_arch_ept_unmap_range,
  lcd_arch_ept_walk,
} from "./ept";
import { type LcdArch, lcd_arch_create, lcd_arch_destroy } from "./lcd-arch";
import { lcd_arch_run } from "./run";
import type { LcdArchSystem } from "./system";
import { TestMachine } from "./test-machine";

let machine: TestMachine;
let system: LcdArchSystem;
let lcd: LcdArch;
let empty: number;
beforeEach(() => {
  machine = new TestMachine();
  system = machine.init();
  lcd = lcd_arch_create(system);
  empty = machine.pages.used;
});

const code = (code: string) => expect.objectContaining({ code });
const GPA = __gpa(0x51_0000);
const HPA = __hpa(0x8_0000);
const RAM = 0x10_0000;

/** What the processor's own EPT walk gives for an access to guest-physical memory: a host-physical frame or null. */
function hardware(gpa: gpa_t, access: 0 | 1 | 2): number | null {
  const walker = new EptWalker({ words: new Uint32Array(machine.memory.read(__hpa(0), RAM).buffer), size: RAM });
  const pointer = Number(lcd.internals.ept.pointer);
  return walker.translate(pointer, 0, Number(gpa), 1 << access) ? walker.hpa : null;
}

describe("lcd_arch_ept_map", () => {
  it("maps a page for reading, writing and executing", () => {
    lcd_arch_ept_map(lcd, GPA, HPA);
    expect(lcd_arch_ept_gpa_to_hpa(lcd, __gpa(0x51_0123))).toBe(0x8_0123n);
    expect(lcd_arch_ept_walk(lcd, GPA)).toMatchObject({ hpa: HPA, read: true, write: true, execute: true });
    expect([0, 1, 2].map((access) => hardware(GPA, access as 0 | 1 | 2))).toEqual([0x8_0000, 0x8_0000, 0x8_0000]);
  });

  it("writes hardware entries: write-back memory, the rights in bits 2:0", () => {
    lcd_arch_ept_map(lcd, GPA, HPA, { write: false });
    expect(lcd_arch_ept_walk(lcd, GPA)?.entry).toBe(0x8_0000n | (6n << 3n) | 5n);
  });

  it.each<[EptMapOptions, boolean[]]>([
    [{ write: false }, [true, false, true]],
    [{ execute: false }, [true, true, false]],
    [{ write: false, execute: false }, [true, false, false]],
    [{ read: false, write: false }, [false, false, true]],
  ])("allows what %j leaves", (options, allowed) => {
    lcd_arch_ept_map(lcd, GPA, HPA, options);
    expect([0, 1, 2].map((access) => hardware(GPA, access as 0 | 1 | 2) !== null)).toEqual(allowed);
  });

  it("says EEXIST for a page that is mapped, unless it may overwrite it", () => {
    lcd_arch_ept_map(lcd, GPA, HPA);
    expect(() => lcd_arch_ept_map(lcd, GPA, __hpa(0x9_0000))).toThrow(code("EEXIST"));
    expect(lcd_arch_ept_gpa_to_hpa(lcd, GPA)).toBe(HPA);
    lcd_arch_ept_map(lcd, GPA, __hpa(0x9_0000), { overwrite: true });
    expect(lcd_arch_ept_gpa_to_hpa(lcd, GPA)).toBe(0x9_0000n);
  });

  it.each([
    ["an unaligned guest address", 0x51_0001n, 0x8_0000n, {}],
    ["an unaligned host address", 0x51_0000n, 0x8_0001n, {}],
    ["a guest address above 48 bits", 1n << 48n, 0x8_0000n, {}],
    ["a host address outside RAM", 0x51_0000n, 0x10_0000n, {}],
    ["write without read", 0x51_0000n, 0x8_0000n, { read: false }],
    ["no access at all", 0x51_0000n, 0x8_0000n, { read: false, write: false, execute: false }],
  ])("says EINVAL for %s", (_, gpa, hpa, options) => {
    expect(() => lcd_arch_ept_map(lcd, __gpa(gpa), __hpa(hpa), options)).toThrow(code("EINVAL"));
    expect(machine.pages.used).toBe(empty);
  });

  it("maps the last page of guest-physical space", () => {
    lcd_arch_ept_map(lcd, __gpa(0xffff_ffff_f000n), HPA);
    expect(hardware(__gpa(0xffff_ffff_f000n), 0)).toBe(0x8_0000);
    expect(lcd_arch_ept_gpa_to_hpa(lcd, __gpa(0xffff_ffff_ffffn))).toBe(0x8_0fffn);
  });

  it("says ENOMEM when there is no page for a table, and leaves no table behind", () => {
    machine.pages.limit = 2; // three tables are needed
    expect(() => lcd_arch_ept_map(lcd, GPA, HPA)).toThrow(code("ENOMEM"));
    expect(machine.pages.used).toBe(empty);
    expect(lcd_arch_ept_walk(lcd, GPA)).toBeNull();
  });
});

describe("lcd_arch_ept_map_range", () => {
  it("maps pages in a row, over the end of a table", () => {
    lcd_arch_ept_map_range(lcd, __gpa(0x1f_e000), __hpa(0x8_0000), 4);
    expect([0, 1, 2, 3].map((i) => lcd_arch_ept_gpa_to_hpa(lcd, __gpa(0x1f_e000 + i * PAGE_SIZE)))).toEqual([
      0x8_0000n,
      0x8_1000n,
      0x8_2000n,
      0x8_3000n,
    ]);
  });

  it("maps nothing when one of them is mapped already", () => {
    lcd_arch_ept_map(lcd, __gpa(0x20_0000), HPA);
    const before = machine.pages.used;
    expect(() => lcd_arch_ept_map_range(lcd, __gpa(0x1f_e000), HPA, 4)).toThrow(code("EEXIST"));
    expect(lcd_arch_ept_walk(lcd, __gpa(0x1f_e000))).toBeNull();
    expect(machine.pages.used).toBe(before);
  });

  it("maps nothing when memory runs out half way", () => {
    machine.pages.limit = 3; // enough for the tables of the first two pages
    expect(() => lcd_arch_ept_map_range(lcd, __gpa(0x1f_e000), HPA, 4)).toThrow(code("ENOMEM"));
    expect(lcd_arch_ept_walk(lcd, __gpa(0x1f_e000))).toBeNull();
    expect(machine.pages.used).toBe(empty);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("says EINVAL for %d pages", (pages) => {
    expect(() => lcd_arch_ept_map_range(lcd, GPA, HPA, pages)).toThrow(code("EINVAL"));
    expect(() => lcd_arch_ept_unmap_range(lcd, GPA, pages)).toThrow(code("EINVAL"));
  });
});

describe("lcd_arch_ept_unmap", () => {
  it("takes a page out and frees the tables that are empty then", () => {
    lcd_arch_ept_map_range(lcd, GPA, HPA, 2);
    lcd_arch_ept_unmap(lcd, GPA);
    expect(lcd_arch_ept_walk(lcd, GPA)).toBeNull();
    expect(lcd_arch_ept_gpa_to_hpa(lcd, __gpa(0x51_1000))).toBe(0x8_1000n);
    expect(machine.pages.used).toBe(empty + 3);
    lcd_arch_ept_unmap(lcd, __gpa(0x51_1000));
    expect(machine.pages.used).toBe(empty);
  });

  it("says ENOENT for a page that is not mapped; a range is unmapped whole or not at all", () => {
    lcd_arch_ept_map_range(lcd, GPA, HPA, 2);
    expect(() => lcd_arch_ept_unmap(lcd, __gpa(0x51_2000))).toThrow(code("ENOENT"));
    expect(() => lcd_arch_ept_unmap_range(lcd, GPA, 3)).toThrow(code("ENOENT"));
    expect(lcd_arch_ept_walk(lcd, GPA)).not.toBeNull();
    lcd_arch_ept_unmap_range(lcd, GPA, 2);
    expect(machine.pages.used).toBe(empty);
  });

  it("drops cached translations on the processors that the domain has run on, and on no other", () => {
    const flushes = machine.processors.map((processor) => vi.spyOn(processor, "invalidateEpt"));
    lcd_arch_ept_map(lcd, GPA, HPA);
    lcd_arch_ept_unmap(lcd, GPA);
    expect(flushes.map((flush) => flush.mock.calls.length)).toEqual([0, 0]);
    lcd_arch_ept_map(lcd, GPA, HPA);
    expect(lcd_arch_run(lcd, machine.processors[1]).kind).toBe("ept-violation");
    lcd_arch_ept_unmap(lcd, GPA);
    expect(flushes.map((flush) => flush.mock.calls.length)).toEqual([0, 1]);
  });
});

describe("lcd_arch_ept_gpa_to_hpa", () => {
  it("says ENOENT for what is not mapped, also beyond 48 bits", () => {
    expect(() => lcd_arch_ept_gpa_to_hpa(lcd, GPA)).toThrow(code("ENOENT"));
    expect(() => lcd_arch_ept_gpa_to_hpa(lcd, __gpa(1n << 60n))).toThrow(code("ENOENT"));
  });
});

describe("the extended page tables", () => {
  const pageNumber = fc.oneof(fc.nat(1200), fc.nat(2 ** 36 - 1));
  const step = fc.record({ map: fc.boolean(), page: pageNumber, to: fc.nat(255) });

  it("agree with a map, through any sequence of mapping and unmapping, and leave no table behind", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model = new Map<number, number>();
        for (const { map, page, to } of steps) {
          const gpa = __gpa(BigInt(page) * 4096n);
          if (map) {
            lcd_arch_ept_map(lcd, gpa, __hpa(to * PAGE_SIZE), { overwrite: true });
            model.set(page, to);
          } else if (model.delete(page)) lcd_arch_ept_unmap(lcd, gpa);
          else expect(() => lcd_arch_ept_unmap(lcd, gpa)).toThrow(code("ENOENT"));
          for (const [mapped, at] of model) {
            expect(lcd_arch_ept_gpa_to_hpa(lcd, __gpa(BigInt(mapped) * 4096n))).toBe(BigInt(at * PAGE_SIZE));
          }
        }
        for (const page of model.keys()) lcd_arch_ept_unmap(lcd, __gpa(BigInt(page) * 4096n));
        expect(machine.pages.used).toBe(empty);
      }),
      { numRuns: 50 },
    );
  });

  it("are freed with the domain", () => {
    lcd_arch_ept_map_range(lcd, GPA, HPA, 20);
    lcd_arch_ept_map(lcd, __gpa(0x7000_0000_0000n), HPA);
    lcd_arch_destroy(lcd);
    expect(machine.pages.used).toBe(2); // the VMXON regions
  });
});
