import fc from "fast-check";
import { __hpa } from "lcd-arch-x86";
import { describe, expect, it } from "vitest";
import { __cptr, allCptrs, cptr_val, cptrPath } from "./cptr";
import { Cspace } from "./cspace";
import type { PageCapability } from "./object";
import { ALL_MEMORY_RIGHTS } from "./rights";

function capability(order = 0): PageCapability {
  return { object: { type: "page", hpa: __hpa(0x1000), order, mapped: null }, rights: ALL_MEMORY_RIGHTS };
}

describe("a cptr", () => {
  it("packs slot, fanout path and level from the low bit", () => {
    // Level 2 (bits 12-13), first step 5 (bits 3-5), second step 1 (bits 6-8), slot 3 (bits 0-2).
    const cptr = __cptr((2 << 12) | (1 << 6) | (5 << 3) | 3);
    expect(cptrPath(cptr)).toEqual({ steps: [5, 1], slot: 3 });
    expect(cptr_val(cptr)).toBe(0x206b);
  });

  it("is refused when it is null, has bits that no cptr has, or a path longer than its level", () => {
    for (const bad of [0n, 1n << 14n, (1n << 64n) - 1n, -1n, 0b1000n, (1n << 12n) | (1n << 6n)]) {
      expect(() => __cptr(bad)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    }
  });
});

describe("a cspace", () => {
  it("gives back what was put into a slot, and refuses a second", () => {
    const cspace = new Cspace();
    const first = capability();
    cspace.insert(__cptr(1), first);
    expect(() => cspace.insert(__cptr(1), capability())).toThrowError(expect.objectContaining({ code: "EEXIST" }));
    expect(cspace.lookup(__cptr(1))).toBe(first);
    expect(cspace.remove(__cptr(1))).toBe(first);
    expect(() => cspace.lookup(__cptr(1))).toThrowError(expect.objectContaining({ code: "ENOENT" }));
    expect(() => cspace.remove(__cptr(1))).toThrowError(expect.objectContaining({ code: "ENOENT" }));
  });

  it("grows tables on use, and drops them when they are empty", () => {
    const cspace = new Cspace();
    const deep = __cptr((3 << 12) | (7 << 9) | (6 << 6) | (5 << 3) | 4);
    expect(() => cspace.lookup(deep)).toThrowError(expect.objectContaining({ code: "ENOENT" }));
    expect(cspace.tableCount).toBe(1);
    cspace.insert(deep, capability());
    expect(cspace.tableCount).toBe(4);
    cspace.remove(deep);
    expect(cspace.tableCount).toBe(1);
  });

  it("finds the lowest free slot, until all are taken", () => {
    const cspace = new Cspace();
    expect(cspace.freeSlot()).toBe(1);
    cspace.insert(__cptr(1), capability());
    expect(cspace.freeSlot()).toBe(2);
    // 8 + 64 + 512 + 4096 slots, without cptr 0.
    for (const cptr of allCptrs()) if (cspace.isFree(cptr)) cspace.insert(cptr, capability());
    expect(cspace.size).toBe(4679);
    expect(() => cspace.freeSlot()).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
  });

  it("is a map from cptrs to capabilities, for any sequence of changes", () => {
    const cptrs = fc
      .integer({ min: 0, max: 3 })
      .chain((level) =>
        fc
          .integer({ min: level === 0 ? 1 : 0, max: (1 << (3 + 3 * level)) - 1 })
          .map((path) => __cptr((level << 12) | path)),
      );
    fc.assert(
      fc.property(fc.array(fc.record({ cptr: cptrs, remove: fc.boolean() })), (steps) => {
        const cspace = new Cspace();
        const model = new Map<number, PageCapability>();
        for (const { cptr, remove } of steps) {
          if (remove && model.has(cptr)) {
            expect(cspace.remove(cptr)).toBe(model.get(cptr));
            model.delete(cptr);
          } else if (!model.has(cptr)) {
            const made = capability();
            cspace.insert(cptr, made);
            model.set(cptr, made);
          }
          expect(cspace.size).toBe(model.size);
        }
        for (const [cptr, expected] of model) expect(cspace.lookup(__cptr(cptr))).toBe(expected);
        expect(new Set(cspace.removeAll())).toEqual(new Set(model.values()));
        expect(cspace.size).toBe(0);
      }),
    );
  });
});
