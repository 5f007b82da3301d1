import fc from "fast-check";
import { __hpa, hpa_add, type hpa_t, PAGE_SIZE } from "lcd-arch-x86";
import { describe, expect, it } from "vitest";
import { testMemory } from "../testing/memory";
import { MAX_PAGE_ORDER, PageAllocator } from "./page-allocator";

const MiB = 1024 * 1024;

describe("the page allocator", () => {
  it("manages every page of RAM but the first, so that host-physical 0 is never given", () => {
    const pages = new PageAllocator(testMemory(MiB));
    expect(pages.total).toBe(255);
    const owner = pages.owner("test");
    const given = new Set<bigint>();
    for (let i = 0; i < 255; i++) given.add(pages.alloc(owner));
    expect(given.size).toBe(255);
    expect(given.has(0n)).toBe(false);
    expect(() => pages.alloc(owner)).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
    expect(owner.pages).toBe(255);
  });

  it("gives the lowest free page, whatever was freed last", () => {
    const pages = new PageAllocator(testMemory(MiB));
    const owner = pages.owner("test");
    const [a, b] = [pages.alloc(owner), pages.alloc(owner), pages.alloc(owner)];
    pages.release(owner, a);
    pages.release(owner, b);
    expect(pages.alloc(owner)).toBe(a);
  });

  it("gives zeroed pages, also when they were used before", () => {
    const memory = testMemory(MiB);
    const pages = new PageAllocator(memory);
    const owner = pages.owner("test");
    const hpa = pages.alloc(owner, 1);
    memory.fill(hpa, 2 * PAGE_SIZE, 0xaa);
    pages.release(owner, hpa);
    expect(pages.alloc(owner, 1)).toBe(hpa);
    expect(memory.read(hpa, 2 * PAGE_SIZE)).toEqual(new Uint8Array(2 * PAGE_SIZE));
  });

  it("aligns a block to its size", () => {
    const pages = new PageAllocator(testMemory(16 * MiB));
    const owner = pages.owner("test");
    for (const order of [3, 0, 5, MAX_PAGE_ORDER]) {
      expect(pages.alloc(owner, order) % BigInt(PAGE_SIZE << order)).toBe(0n);
    }
  });

  it("refuses orders that it has not", () => {
    const pages = new PageAllocator(testMemory(MiB));
    for (const order of [-1, 0.5, MAX_PAGE_ORDER + 1, Number.MAX_VALUE]) {
      expect(() => pages.alloc(pages.owner("test"), order)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    }
    expect(pages.freePages).toBe(pages.total);
  });

  it("refuses to free what is free, what is somebody else's, and what is inside a block", () => {
    const pages = new PageAllocator(testMemory(MiB));
    const [owner, other] = [pages.owner("owner"), pages.owner("other")];
    const hpa = pages.alloc(owner, 2);
    const refused = expect.objectContaining({ code: "EINVAL" });
    expect(() => pages.release(other, hpa)).toThrowError(refused);
    expect(() => pages.release(owner, hpa_add(hpa, PAGE_SIZE))).toThrowError(refused);
    expect(() => pages.release(owner, hpa_add(hpa, 8))).toThrowError(refused);
    pages.release(owner, hpa);
    expect(() => pages.release(owner, hpa)).toThrowError(refused);
    expect(() => pages.release(owner, __hpa(1n << 60n))).toThrowError(refused);
    expect(pages.freePages).toBe(pages.total);
  });

  it("tells who holds pages, and forgets who holds none", () => {
    const pages = new PageAllocator(testMemory(MiB));
    const [a, b] = [pages.owner("a"), pages.owner("b")];
    pages.alloc(a, 3);
    const hpa = pages.alloc(b);
    expect([...pages.usage()]).toEqual([
      ["a", 8],
      ["b", 1],
    ]);
    pages.release(b, hpa);
    expect([...pages.usage()]).toEqual([["a", 8]]);
  });

  it("writes given contents, unless the page still holds exactly them", () => {
    const written: number[] = [];
    const memory = testMemory(MiB, (hpa) => written.push(hpa));
    const pages = new PageAllocator(memory);
    const owner = pages.owner("test");
    const contents = new Uint8Array(PAGE_SIZE).fill(0x90);
    const hpa = pages.allocWith(owner, contents);
    pages.release(owner, hpa);
    expect(pages.allocWith(owner, contents)).toBe(hpa);
    expect(written).toEqual([Number(hpa)]);
    expect(memory.read(hpa, PAGE_SIZE)).toEqual(contents);
  });

  it("never gives a page twice, and is as it was when all came back, for any order of requests", () => {
    const steps = fc.array(fc.record({ free: fc.boolean(), pick: fc.nat(), order: fc.integer({ min: 0, max: 5 }) }));
    fc.assert(
      fc.property(steps, (requests) => {
        const pages = new PageAllocator(testMemory(MiB));
        const owner = pages.owner("test");
        const held: { hpa: hpa_t; order: number }[] = [];
        const taken = new Set<number>();
        for (const { free, pick, order } of requests) {
          if (free && held.length > 0) {
            const [block] = held.splice(pick % held.length, 1);
            for (const page of pagesOf(block)) taken.delete(page);
            pages.release(owner, block.hpa);
          } else if (pages.freePages >= 128) {
            const block = { hpa: pages.alloc(owner, order), order };
            for (const page of pagesOf(block)) {
              expect(taken.has(page)).toBe(false);
              taken.add(page);
            }
            held.push(block);
          }
          expect(pages.freePages).toBe(pages.total - taken.size);
        }
        for (const { hpa } of held) pages.release(owner, hpa);
        // Free again as one piece: the largest aligned block that 1 MiB without page 0 has.
        expect(pages.alloc(owner, 7)).toBe(BigInt(128 * PAGE_SIZE));
      }),
      { numRuns: 50 },
    );
  });
});

function pagesOf({ hpa, order }: { hpa: hpa_t; order: number }): number[] {
  return Array.from({ length: 1 << order }, (_, i) => Number(hpa) / PAGE_SIZE + i);
}
