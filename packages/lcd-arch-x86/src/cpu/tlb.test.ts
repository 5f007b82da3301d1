import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Cr4, Efer } from "../mmu/control-bits";
import { JUMP_AREA, JumpCaches } from "./jump-caches";
import { MemoryRanges } from "./memory-ranges";
import { CpuState, Rflags, STATE_SIZE } from "./state";
import { InvpcidType, TLB_AREA, Tlb } from "./tlb";
import { TLB_ENTRIES, TLB_ENTRY_SIZE, TlbEntry } from "./translate/tlb-layout";

/** What a walk finds of a page; 2 MiB is 2^21. */
const small = { pageShift: 12, global: false };
const smallGlobal = { pageShift: 12, global: true };
const large = { pageShift: 21, global: false };

let state: CpuState;
let tlb: Tlb;
let words: Int32Array;

beforeEach(() => {
  const buffer = new ArrayBuffer(STATE_SIZE + TLB_AREA + JUMP_AREA);
  words = new Int32Array(buffer);
  state = new CpuState(buffer, 0);
  tlb = new Tlb(
    buffer,
    STATE_SIZE,
    state,
    new JumpCaches(buffer, STATE_SIZE + TLB_AREA, state),
    new MemoryRanges(buffer, state),
  );
  state.set64("cr0", 0x8001_0001n);
  state.set64("efer", BigInt(Efer.LME | Efer.LMA));
  go({ cr3: 0x1000n, cr4: Cr4.PAE | Cr4.PCIDE | Cr4.PGE });
});

/** Goes to another address space: only what is named changes. */
function go(to: { cr3?: bigint; cr4?: number; vpid?: bigint; eptp?: bigint; cpl?: number; flags?: number }): void {
  if (to.cr3 !== undefined) state.set64("cr3", to.cr3);
  if (to.cr4 !== undefined) state.set64("cr4", BigInt(to.cr4));
  if (to.vpid !== undefined) state.set64("vpid", to.vpid);
  if (to.eptp !== undefined) state.set64("eptp", to.eptp);
  if (to.cpl !== undefined) state.set32("cpl", to.cpl);
  if (to.flags !== undefined) state.set32("systemFlags", to.flags);
  tlb.select();
}

/** Remembers a page, its frame being its number. */
const fill = (address: number, page = small): void =>
  tlb.fill(address | 0, 0, address >>> 12, address & ~0xfff, true, page);

/** Looks an address up as translated code does: the tag of its slot must be that of its page. */
function knows(address: number): boolean {
  const entry = state.get32("tlb") + ((address >>> 12) % TLB_ENTRIES) * TLB_ENTRY_SIZE;
  const tagAt = (tag: number): boolean =>
    words[(entry + tag) >> 2] === (address & ~0xfff) && words[(entry + tag + 4) >> 2] === 0;
  expect(tagAt(TlbEntry.readTag)).toBe(tagAt(TlbEntry.writeTag));
  return tagAt(TlbEntry.readTag);
}

describe("address spaces", () => {
  it("are kept apart by CR3, VPID, EPT pointer and all that decides access rights", () => {
    fill(0x5000);
    for (const other of [{ cr3: 0x2000n }, { vpid: 7n }, { eptp: 0x801en }, { cpl: 3 }, { cr4: Cr4.PAE | Cr4.SMEP }]) {
      const home = { cr3: 0x1000n, vpid: 0n, eptp: 0n, cpl: 0, cr4: Cr4.PAE | Cr4.PCIDE | Cr4.PGE };
      go(other);
      expect(knows(0x5000)).toBe(false);
      go(home);
      expect(knows(0x5000)).toBe(true);
    }
  });

  it("differ by RFLAGS.AC for a supervisor under SMAP, and not otherwise", () => {
    fill(0x5000);
    go({ flags: Rflags.AC });
    expect(knows(0x5000)).toBe(true);
    go({ cr4: Cr4.PAE | Cr4.SMAP });
    fill(0x6000);
    go({ flags: 0 });
    expect(knows(0x6000)).toBe(false);
  });

  it("are the eight used last", () => {
    for (let i = 1n; i <= 9n; i++) {
      go({ cr3: i << 12n });
      fill(0x5000);
    }
    const kept = Array.from({ length: 9 }, (_, i) => BigInt(9 - i) << 12n).map((cr3) => {
      go({ cr3 });
      return knows(0x5000);
    });
    expect(kept).toEqual([true, true, true, true, true, true, true, true, false]);
  });
});

describe("INVLPG (SDM 3A, Operations that Invalidate TLBs and Paging-Structure Caches)", () => {
  it("drops the page, and no other", () => {
    fill(0x5000);
    fill(0x6000);
    tlb.flushPage(0x5abc);
    expect([knows(0x5000), knows(0x6000)]).toEqual([false, true]);
  });

  it("drops it at every privilege, and in every address space with the same PCID", () => {
    go({ cr3: 0x1005n, cpl: 3 });
    fill(0x5000);
    go({ cr3: 0x8005n });
    fill(0x5000);
    go({ cpl: 0 });
    tlb.flushPage(0x5000);
    go({ cpl: 3 });
    expect(knows(0x5000)).toBe(false);
    go({ cr3: 0x1005n });
    expect(knows(0x5000)).toBe(false);
  });

  it("drops it with other PCIDs only when it is global", () => {
    fill(0x5000);
    fill(0x6000, smallGlobal);
    go({ cr3: 0x2005n });
    tlb.flushPage(0x5000);
    tlb.flushPage(0x6000);
    go({ cr3: 0x1000n });
    expect([knows(0x5000), knows(0x6000)]).toEqual([true, false]);
  });

  it("drops all parts of a large page, and not its neighbours", () => {
    // 2-MByte page at 0x400000; the one behind it; a small page that shares a slot with neither
    const parts = [0x40_0000, 0x40_1000, 0x5f_f000];
    for (const part of parts) fill(part, large);
    fill(0x60_2000, large);
    fill(0x3000);
    tlb.flushPage(0x51_2345);
    expect(parts.map(knows)).toEqual([false, false, false]);
    expect([knows(0x60_2000), knows(0x3000)]).toEqual([true, true]);
  });

  it("leaves other VPIDs alone", () => {
    fill(0x5000);
    go({ vpid: 3n });
    tlb.flushPage(0x5000);
    go({ vpid: 0n });
    expect(knows(0x5000)).toBe(true);
  });
});

describe("INVPCID (SDM 2A)", () => {
  beforeEach(() => {
    for (const cr3 of [0x1001n, 0x2002n]) {
      go({ cr3 });
      fill(0x5000);
      fill(0x6000, smallGlobal);
      fill(0x7000);
    }
  });
  /** What PCIDs 1 and 2 still have of the two ordinary pages and, between them, the global one. */
  const left = () =>
    [0x1001n, 0x2002n].map((cr3) => {
      go({ cr3 });
      return [0x5000, 0x6000, 0x7000].map(knows);
    });

  it("type 0 drops an address of one PCID, but not of a global page", () => {
    tlb.invalidatePcid(InvpcidType.address, 1, 0x5000);
    tlb.invalidatePcid(InvpcidType.address, 1, 0x6000);
    expect(left()).toEqual([
      [false, true, true],
      [true, true, true],
    ]);
  });

  it("type 1 drops one PCID, but for global pages", () => {
    tlb.invalidatePcid(InvpcidType.singleContext, 1, 0);
    expect(left()).toEqual([
      [false, true, false],
      [true, true, true],
    ]);
  });

  it("type 2 drops everything", () => {
    tlb.invalidatePcid(InvpcidType.allContexts, 0, 0);
    expect(left().flat()).toEqual(Array(6).fill(false));
    expect(tlb.filled).toBe(0);
  });

  it("type 3 drops all but global pages", () => {
    tlb.invalidatePcid(InvpcidType.allContextsKeepGlobals, 0, 0);
    expect(left()).toEqual([
      [false, true, false],
      [false, true, false],
    ]);
  });
});

describe("PCIDs (SDM 3A, Process-Context Identifiers)", () => {
  it("are all 0 while CR4.PCIDE is 0, whatever CR3 has in its low bits", () => {
    go({ cr3: 0x1018n, cr4: Cr4.PAE });
    fill(0x5000);
    tlb.flushPcid(0, "local");
    expect(knows(0x5000)).toBe(false);
  });

  it("are told apart from the same CR3 without PCIDs", () => {
    go({ cr3: 0x1005n });
    fill(0x5000);
    go({ cr4: Cr4.PAE | Cr4.PGE });
    fill(0x5000);
    tlb.flushPcid(0, "local");
    expect(knows(0x5000)).toBe(false);
  });
});

describe("VPIDs and EPT pointers (SDM 3C, Operations that Invalidate Cached Mappings)", () => {
  it("are flushed each by itself, with global pages", () => {
    go({ vpid: 1n, eptp: 0x801en });
    fill(0x5000, smallGlobal);
    go({ vpid: 2n, eptp: 0x901en });
    fill(0x5000, smallGlobal);
    tlb.flushVpid(1);
    expect(knows(0x5000)).toBe(true);
    tlb.flushEpt(0x805en);
    expect(knows(0x5000)).toBe(true);
    tlb.flushEpt(0x905en);
    expect(knows(0x5000)).toBe(false);
    go({ vpid: 1n, eptp: 0x801en });
    expect(knows(0x5000)).toBe(false);
  });
});

describe("any fills and invalidations", () => {
  type Model = Map<number, { pageShift: number; global: boolean }>;
  type Step = (model: Model) => void;
  const addresses = [0x1000, 0x2000, 0x40_0000, 0x40_1000, 0x40_2000, 0x60_0000, 0x80_1000];
  const address = fc.constantFrom(...addresses);
  const pages = fc.constantFrom(small, smallGlobal, large, { pageShift: 21, global: true });
  /** Addresses 4 MiB apart share a slot: there are 1024. */
  const shareSlot = (a: number, b: number): boolean => (a ^ b) % 0x40_0000 === 0;
  const forget = (model: Model, gone: (at: number, page: { pageShift: number; global: boolean }) => boolean): void => {
    for (const [at, page] of model) if (gone(at, page)) model.delete(at);
  };
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(address, pages).map(
      ([at, page]): Step =>
        (model) => {
          forget(model, (other) => shareSlot(other, at));
          model.set(at, page);
          fill(at, page);
        },
    ),
    address.map(
      (at): Step =>
        (model) => {
          forget(model, (other, { pageShift }) => shareSlot(other, at) || at >>> pageShift === other >>> pageShift);
          tlb.flushPage(at);
        },
    ),
    fc.boolean().map(
      (all): Step =>
        (model) => {
          forget(model, (_, { global }) => all || !global);
          tlb.flushPcid(0, all ? "all" : "local");
        },
    ),
  );

  it("leave the pages that were filled and neither displaced nor dropped", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const model: Model = new Map();
        tlb.invalidatePcid(InvpcidType.allContexts, 0, 0);
        for (const run of steps) run(model);
        expect(addresses.filter(knows)).toEqual(addresses.filter((at) => model.has(at)));
      }),
      { numRuns: 300 },
    );
  });
});
