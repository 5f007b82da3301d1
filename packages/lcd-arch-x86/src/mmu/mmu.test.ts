import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Rflags } from "../cpu/state";
import { Access } from "./access";
import { Cr0, Cr4, Efer } from "./control-bits";
import { TestTables } from "./test-tables";

const NX = 1n << 63n;

// 0xffff_9234_5678_9abc: bits 47:39 = 0x124, 38:30 = 0xd1, 29:21 = 0xb3, 20:12 = 0x189, 11:0 = 0xabc.
const LINEAR = 0xffff_9234_5678_9abcn;
const PML4E = 0x1000 + 0x124 * 8;
const PDPTE = 0x2000 + 0xd1 * 8;
const PDE = 0x3000 + 0xb3 * 8;
const PTE = 0x4000 + 0x189 * 8;

// P R/W U/S = 7, P R/W = 3, P = 1; A = 0x20, D = 0x40, PS = 0x80.
let t: TestTables;
beforeEach(() => {
  t = new TestTables();
  t.entry(PML4E, 0x2007n);
  t.entry(PDPTE, 0x3007n);
  t.entry(PDE, 0x4007n);
  t.entry(PTE, 0x5003n);
});

describe("4-level paging (SDM 3A, 4-Level Paging and 5-Level Paging)", () => {
  it("translates through PML4E, PDPTE, PDE and PTE to a 4-KByte page", () => {
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect([t.mmu.hpa, t.mmu.gpa, t.mmu.user]).toEqual([0x5000, 0x5000, false]);
  });

  it("maps a 2-MByte page from a PDE with PS, and gives the 4-KByte frame within it", () => {
    t.entry(PDE, 0x0000_0012_3460_0083n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.hpa).toBe(0x12_3460_0000 + 0x189 * 4096);
  });

  it("maps a 1-GByte page from a PDPTE with PS", () => {
    t.entry(PDPTE, 0x0000_0012_4000_0083n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.hpa).toBe(0x12_4000_0000 + 0xb3 * 0x20_0000 + 0x189 * 4096);
  });

  it("takes bit 12 of a large-page entry as PAT, not as address", () => {
    t.entry(PDE, 0x0060_1083n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.hpa).toBe(0x60_0000 + 0x189 * 4096);
  });

  it("gives a frame up to 48 bits, outside RAM", () => {
    t.entry(PTE, 0x0000_ffff_ffff_f003n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.hpa).toBe(0xffff_ffff_f000);
  });

  it("ignores the low twelve bits of CR3", () => {
    t.state.set64("cr3", 0x1fffn);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
  });

  it("maps linear to physical addresses one to one while CR0.PG is 0", () => {
    t.state.set64("cr0", 1n);
    expect(t.translate(0x1234_5678n, Access.write)).toBe(true);
    expect([t.mmu.hpa, t.mmu.writable, t.mmu.user]).toEqual([0x1234_5000, true, true]);
  });
});

describe("page faults (SDM 3A, Page-Fault Exceptions)", () => {
  it.each([PML4E, PDPTE, PDE, PTE])("has P = 0 in the error code when the entry at %i is not present", (at) => {
    t.entry(at, t.read(at) & ~1n);
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(0);
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(2);
  });

  it("reports a fetch in bit 4 when NX or SMEP is enabled, and not otherwise", () => {
    t.entry(PTE, 0n);
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.errorCode()).toBe(0x10);
    t.state.set64("efer", BigInt(Efer.LME | Efer.LMA));
    t.translate(LINEAR, Access.execute);
    expect(t.errorCode()).toBe(0);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMEP));
    t.translate(LINEAR, Access.execute);
    expect(t.errorCode()).toBe(0x10);
  });

  it.each([
    ["PS in a PML4E", PML4E, 0x2087n],
    ["bit 48 of a PML4E", PML4E, 0x0001_0000_0000_2007n],
    ["bit 51 of a PTE", PTE, 0x0008_0000_0000_5003n],
    ["bit 13 of a 1-GByte PDPTE", PDPTE, 0x4000_2087n],
    ["bit 29 of a 1-GByte PDPTE", PDPTE, 0x6000_0087n],
    ["bit 13 of a 2-MByte PDE", PDE, 0x0060_2087n],
    ["bit 20 of a 2-MByte PDE", PDE, 0x0070_0087n],
  ])("sets RSVD for the reserved %s", (_, at, value) => {
    t.entry(at, value);
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(9);
  });

  it("treats XD as reserved while EFER.NXE is 0", () => {
    t.entry(PDE, 0x4007n | NX);
    t.state.set64("efer", BigInt(Efer.LME | Efer.LMA));
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(9);
  });

  it("reads a paging structure outside RAM as ones, whose reserved bits fault", () => {
    t.entry(PDE, 0x7fff_f007n);
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(9);
  });

  it("leaves accessed and dirty flags alone", () => {
    t.entry(PTE, 0x5001n);
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(3);
    expect([t.read(PML4E), t.read(PDPTE), t.read(PDE), t.read(PTE)]).toEqual([0x2007n, 0x3007n, 0x4007n, 0x5001n]);
  });
});

describe("access rights (SDM 3A, Determination of Access Rights)", () => {
  const user = () => t.state.set32("cpl", 3);

  it("lets CPL 3 use user-mode addresses only: U/S set in every entry", () => {
    user();
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(5);
    t.entry(PTE, 0x5007n);
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    expect([t.mmu.user, t.mmu.writable]).toEqual([true, true]);
    t.entry(PDPTE, 0x3003n);
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(7);
  });

  it("denies a write when R/W is clear in any entry, to a supervisor only with CR0.WP", () => {
    t.entry(PDE, 0x4005n);
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(3);
    t.state.set64("cr0", 0x8000_0001n);
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    expect(t.mmu.writable).toBe(true);
    t.entry(PTE, 0x5007n);
    user();
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(7);
  });

  it("denies a fetch when XD is set in any entry", () => {
    t.entry(PML4E, 0x2007n | NX);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.errorCode()).toBe(0x11);
    t.entry(PTE, 0x5007n);
    user();
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.errorCode()).toBe(0x15);
  });

  it("denies supervisor fetches from user-mode addresses with SMEP", () => {
    t.entry(PTE, 0x5007n);
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMEP));
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.errorCode()).toBe(0x11);
    user();
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
  });

  it("denies supervisor data accesses to user-mode addresses with SMAP unless RFLAGS.AC is set", () => {
    t.entry(PTE, 0x5007n);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMAP));
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(1);
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
    t.state.set32("systemFlags", Rflags.AC);
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    t.state.set32("systemFlags", 0);
    t.entry(PTE, 0x5003n);
    expect(t.translate(LINEAR, Access.write)).toBe(true);
  });

  it("makes implicit accesses supervisor accesses at CPL 3, to which RFLAGS.AC does not count", () => {
    user();
    t.mmu.implicitSupervisor = true;
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    t.entry(PTE, 0x5001n);
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(3);
    t.entry(PTE, 0x5007n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMAP));
    t.state.set32("systemFlags", Rflags.AC);
    for (const cpl of [0, 3]) {
      t.state.set32("cpl", cpl);
      expect(t.translate(LINEAR, Access.read)).toBe(false);
      expect(t.errorCode()).toBe(1);
    }
  });

  it("lets CPL 3 and supervisor fetches be, whatever SMAP says", () => {
    t.entry(PTE, 0x5007n);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMAP));
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
    user();
    expect(t.translate(LINEAR, Access.write)).toBe(true);
  });

  it("counts CPL 1 and 2 as supervisor", () => {
    for (const cpl of [1, 2]) {
      t.state.set32("cpl", cpl);
      expect(t.translate(LINEAR, Access.read)).toBe(true);
    }
  });

  it("denies a supervisor write under SMAP even without CR0.WP", () => {
    t.entry(PTE, 0x5007n);
    t.state.set64("cr0", BigInt(Cr0.PE) | 0x8000_0000n);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMAP));
    expect(t.translate(LINEAR, Access.write)).toBe(false);
    expect(t.errorCode()).toBe(3);
  });
});

describe("accessed and dirty flags (SDM 3A, Accessed and Dirty Flags)", () => {
  it("sets A in every entry on a read and D in the last one on a write", () => {
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect([t.read(PML4E), t.read(PDPTE), t.read(PDE), t.read(PTE)]).toEqual([0x2027n, 0x3027n, 0x4027n, 0x5023n]);
    expect(t.mmu.writable).toBe(false);
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    expect([t.read(PDE), t.read(PTE)]).toEqual([0x4027n, 0x5063n]);
    expect(t.mmu.writable).toBe(true);
  });

  it("says after a read that writes need no walk when the page is dirty already", () => {
    t.entry(PTE, 0x5063n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.writable).toBe(true);
    t.entry(PTE, 0x5061n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.writable).toBe(false);
  });

  it("tells which bytes it wrote, once", () => {
    t.translate(LINEAR, Access.write);
    expect(t.written).toEqual([PML4E, PDPTE, PDE, PTE]);
    t.translate(LINEAR, Access.write);
    expect(t.written).toHaveLength(4);
  });
});

describe("page sizes and global pages (SDM 3A, Caching Translation Information)", () => {
  it.each([
    [PTE, 0x5003n, 12],
    [PDE, 0x60_0083n, 21],
    [PDPTE, 0x4000_0083n, 30],
  ])("reports the page that the entry at %i maps", (at, value, shift) => {
    t.entry(at, value);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.pageShift).toBe(shift);
  });

  it("finds a page global by G in the last entry and CR4.PGE", () => {
    t.entry(PDE, 0x4107n);
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.PGE));
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.global).toBe(false);
    t.entry(PTE, 0x5103n);
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.global).toBe(true);
    t.state.set64("cr4", BigInt(Cr4.PAE));
    expect(t.translate(LINEAR, Access.read)).toBe(true);
    expect(t.mmu.global).toBe(false);
  });
});

describe("looking ahead", () => {
  it("fails where a flag would have to be set, and changes nothing", () => {
    t.mmu.lookingAhead = true;
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.written).toEqual([]);
    t.mmu.lookingAhead = false;
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
    t.mmu.lookingAhead = true;
    expect(t.translate(LINEAR, Access.execute)).toBe(true);
  });
});

describe("any page tables, over any EPT", () => {
  const entry = fc.record({
    frame: fc.nat(0x1ff),
    flags: fc.nat(0xfff),
    high: fc.oneof(fc.constant(0), fc.nat(0xffff_ffff)),
  });

  it("give a frame or a fault, and a write that needs no walk is one that a walk permits", () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 64, maxLength: 64 }),
        fc.nat(2),
        fc.boolean(),
        (entries, kind, nested) => {
          const any = new TestTables();
          entries.forEach(({ frame, flags, high }, i) => {
            const value = (BigInt(high >>> 0) << 32n) | BigInt((frame << 12) | flags);
            for (let table = 0; table < 0x20; table++) any.entry(((i * 7 + table * 13) % 0x200) * 4096 + i * 8, value);
          });
          if (nested) any.nonRoot((entries[0].frame % 0x20) << 12, kind << 6);
          const linear = BigInt(entries[1].frame) << 12n;
          if (any.translate(linear, Access.read)) {
            expect([any.mmu.hpa % 4096, any.mmu.gpa % 4096]).toEqual([0, 0]);
            const { hpa, writable } = any.mmu;
            if (writable) expect([any.translate(linear, Access.write), any.mmu.hpa]).toEqual([true, hpa]);
          } else expect(["page-fault", "ept-violation", "ept-misconfiguration"]).toContain(any.mmu.fault.kind);
        },
      ),
      { numRuns: 300 },
    );
  });
});
