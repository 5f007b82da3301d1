import { beforeEach, describe, expect, it } from "vitest";
import { Access } from "./access";
import { Cr0, Cr4, Efer } from "./control-bits";
import { TestTables } from "./test-tables";

const XD = 1n << 63n;

let t: TestTables;
beforeEach(() => {
  t = new TestTables();
});

/** What the walk says of an address: where it is, or the error code of the page fault. */
const walk = (linear: number, access: Access = Access.read): number | { errorCode: number } =>
  t.translate(BigInt(linear), access) ? t.mmu.hpa + (linear & 0xfff) : { errorCode: t.errorCode() };

describe("no paging (SDM 3A, Paging Modes and Control Bits)", () => {
  it("takes linear for physical addresses while CR0.PG is 0, for every access at every CPL", () => {
    t.state.set64("cr0", BigInt(Cr0.PE | Cr0.WP));
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.SMEP | Cr4.SMAP));
    for (const cpl of [0, 3]) {
      t.state.set32("cpl", cpl);
      for (const access of [Access.read, Access.write, Access.execute])
        expect(walk(0xfee0_0123, access)).toBe(0xfee0_0123);
    }
    expect([t.mmu.writable, t.mmu.pageShift, t.mmu.global]).toEqual([true, 12, false]);
  });
});

describe("32-bit paging (SDM 3A, 32-Bit Paging)", () => {
  // 0xc123_4567: directory index 0x304, table index 0x234, offset 0x567.
  const LINEAR = 0xc123_4567;
  const PDE = 0x1000 + 0x304 * 4;
  const PTE = 0x2000 + 0x234 * 4;
  beforeEach(() => {
    t.legacy(Cr4.PSE, { cr0: Cr0.WP });
    t.state.set64("cr3", 0x1000n);
    t.entry32(PDE, 0x2007);
    t.entry32(PTE, 0x5007);
  });

  it("translates through PDE and PTE, of 4 bytes each", () => {
    expect(walk(LINEAR)).toBe(0x5567);
    expect([t.mmu.user, t.mmu.pageShift]).toEqual([true, 12]);
  });

  it("reads neither CR3 above bit 31 nor its low twelve bits", () => {
    t.state.set64("cr3", 0x12_0000_1fffn);
    expect(walk(LINEAR)).toBe(0x5567);
  });

  it("sets accessed flags of 4-byte entries, and dirty in the last one only", () => {
    expect(walk(LINEAR)).toBe(0x5567);
    expect([t.words[PDE >> 2], t.words[PTE >> 2]]).toEqual([0x2027, 0x5027]);
    expect(walk(LINEAR, Access.write)).toBe(0x5567);
    expect([t.words[PDE >> 2], t.words[PTE >> 2]]).toEqual([0x2027, 0x5067]);
    expect(t.written).toEqual([PDE, PTE, PTE]);
  });

  it("maps a 4-MByte page from a PDE with PS while CR4.PSE is 1", () => {
    t.entry32(PDE, 0x0080_0087);
    // bits 21:0 of the address: 0x234567
    expect(walk(LINEAR)).toBe(0x0080_0000 + 0x23_4567);
    expect(t.mmu.pageShift).toBe(22);
  });

  it("takes bits 20:13 of a 4-MByte PDE for address bits 39:32, and bit 12 for PAT", () => {
    // 0xab << 13 = 0x156000
    t.entry32(PDE, 0x0080_0087 | (0xab << 13) | (1 << 12));
    expect(walk(LINEAR)).toBe(0xab_0080_0000 + 0x23_4567);
  });

  it("finds bit 21 of a 4-MByte PDE reserved: MAXPHYADDR is above 40", () => {
    t.entry32(PDE, 0x00a0_0087);
    expect(walk(LINEAR)).toEqual({ errorCode: 9 });
  });

  it("ignores PS in a PDE while CR4.PSE is 0", () => {
    t.legacy(0);
    t.entry32(PDE, 0x2087);
    expect(walk(LINEAR)).toBe(0x5567);
  });

  it("has no reserved bits in a PTE or in a PDE that refers to a table", () => {
    t.entry32(PDE, 0x2f7f);
    t.entry32(PTE, 0xffff_ffff);
    expect(walk(LINEAR)).toBe(0xffff_f567);
  });

  it("gives user and supervisor, read-only and CR0.WP their meaning", () => {
    t.entry32(PTE, 0x5005);
    expect(walk(LINEAR, Access.write)).toEqual({ errorCode: 3 });
    t.legacy(Cr4.PSE);
    expect(walk(LINEAR, Access.write)).toBe(0x5567);
    t.state.set32("cpl", 3);
    expect(walk(LINEAR, Access.write)).toEqual({ errorCode: 7 });
    t.entry32(PDE, 0x2003);
    expect(walk(LINEAR)).toEqual({ errorCode: 5 });
  });

  it("lets everything be executed, whatever EFER.NXE is, and tells of fetches with CR4.SMEP only", () => {
    t.legacy(0, { efer: Efer.NXE });
    expect(walk(LINEAR, Access.execute)).toBe(0x5567);
    t.entry32(PTE, 0);
    expect(walk(LINEAR, Access.execute)).toEqual({ errorCode: 0 });
    t.legacy(Cr4.SMEP);
    expect(walk(LINEAR, Access.execute)).toEqual({ errorCode: 0x10 });
    t.entry32(PTE, 0x5007);
    expect(walk(LINEAR, Access.execute)).toEqual({ errorCode: 0x11 });
    t.entry32(PTE, 0x5003);
    expect(walk(LINEAR, Access.execute)).toBe(0x5567);
  });

  it("is not used with CR4.PAE, nor moved to more levels by CR4.LA57", () => {
    t.legacy(Cr4.LA57);
    expect(walk(LINEAR)).toBe(0x5567);
    t.legacy(Cr4.PAE);
    expect(walk(LINEAR)).toEqual({ errorCode: 0 });
  });
});

describe("PAE paging (SDM 3A, PAE Paging)", () => {
  // 0xc12b_4567: PDPTE 3, directory index 0x009, table index 0x0b4, offset 0x567.
  const LINEAR = 0xc12b_4567;
  const PDPTE = 0x1020 + 3 * 8;
  const PDE = 0x2000 + 0x009 * 8;
  const PTE = 0x3000 + 0x0b4 * 8;
  beforeEach(() => {
    t.legacy(Cr4.PAE, { cr0: Cr0.WP, efer: Efer.NXE });
    t.entry(PDPTE, 0x2001n);
    t.entry(PDE, 0x3007n);
    t.entry(PTE, 0x5007n);
    t.state.set64("cr3", 0x1020n);
    expect(t.mmu.loadPdptes(0x1020)).toBe("loaded");
  });

  it("translates through a PDPTE register, PDE and PTE", () => {
    expect(walk(LINEAR)).toBe(0x5567);
    expect(t.mmu.user).toBe(true);
  });

  it("does not read the PDPTEs from memory again", () => {
    t.entry(PDPTE, 0n);
    expect(walk(LINEAR)).toBe(0x5567);
    t.state.set64("cr3", 0x1f_f000n);
    expect(walk(LINEAR)).toBe(0x5567);
    expect(t.mmu.loadPdptes(0x1020)).toBe("loaded");
    expect(walk(LINEAR)).toEqual({ errorCode: 0 });
  });

  it("finds the table at CR3 bits 31:5", () => {
    expect(t.mmu.loadPdptes(0x103f)).toBe("loaded");
    expect(walk(LINEAR)).toBe(0x5567);
  });

  it.each([
    ["bit 1", 1n << 1n],
    ["bit 2", 1n << 2n],
    ["bit 5", 1n << 5n],
    ["bit 8", 1n << 8n],
    ["bit 48", 1n << 48n],
    ["bit 63", XD],
  ])("refuses to load a PDPTE that is present with reserved %s set, and keeps all four", (_, bit) => {
    t.entry(0x1020, 0x9001n);
    t.entry(PDPTE, 0x2001n | bit);
    expect(t.mmu.loadPdptes(0x1020)).toBe("reserved");
    expect(t.state.get64("pdpte", 0)).toBe(0n);
    expect(walk(LINEAR)).toBe(0x5567);
    t.entry(PDPTE, bit);
    expect(t.mmu.loadPdptes(0x1020)).toBe("loaded");
  });

  it("takes bits 4:3 and 11:9 of a PDPTE, and address bits up to 47", () => {
    t.entry(PDPTE, 0x0000_ffff_ffff_fe19n);
    expect(t.mmu.loadPdptes(0x1020)).toBe("loaded");
    // A table outside RAM reads as ones, with reserved bits.
    expect(walk(LINEAR)).toEqual({ errorCode: 9 });
  });

  it("does not count a PDPTE in access rights, nor set flags in it", () => {
    t.state.set32("cpl", 3);
    expect(walk(LINEAR, Access.write)).toBe(0x5567);
    expect([t.read(PDPTE), t.read(PDE), t.read(PTE)]).toEqual([0x2001n, 0x3027n, 0x5067n]);
    expect(t.state.get64("pdpte", 3)).toBe(0x2001n);
  });

  it("maps a 2-MByte page from a PDE with PS, whatever CR4.PSE is", () => {
    t.entry(PDE, 0x0000_0012_3460_0087n);
    // bits 20:0 of the address: 0xb4567
    expect(walk(LINEAR)).toBe(0x12_3460_0000 + 0xb_4567);
    expect(t.mmu.pageShift).toBe(21);
  });

  it.each([
    ["bit 13 of a 2-MByte PDE", PDE, 0x0060_2087n],
    ["bit 20 of a 2-MByte PDE", PDE, 0x0070_0087n],
    ["bit 48 of a PDE", PDE, 0x0001_0000_0000_3007n],
    ["bit 52 of a PDE", PDE, 0x0010_0000_0000_3007n],
    ["bit 62 of a PDE", PDE, 0x4000_0000_0000_3007n],
    ["bit 52 of a PTE", PTE, 0x0010_0000_0000_5007n],
    ["bit 62 of a PTE", PTE, 0x4000_0000_0000_5007n],
  ])("sets RSVD for the reserved %s", (_, at, value) => {
    t.entry(at, value);
    expect(walk(LINEAR)).toEqual({ errorCode: 9 });
    expect(walk(LINEAR, Access.write)).toEqual({ errorCode: 0xb });
  });

  it("has execute-disable with EFER.NXE, and finds its bit reserved without", () => {
    t.entry(PDE, 0x3007n | XD);
    expect(walk(LINEAR)).toBe(0x5567);
    expect(walk(LINEAR, Access.execute)).toEqual({ errorCode: 0x11 });
    t.legacy(Cr4.PAE);
    expect(walk(LINEAR)).toEqual({ errorCode: 9 });
    expect(walk(LINEAR, Access.execute)).toEqual({ errorCode: 9 });
  });

  it("reads PDPTEs through EPT in VMX non-root operation, and says of a violation that there was no linear address", () => {
    t.entry(0x10000, 0x11007n);
    t.entry(0x11000, 0x12007n);
    t.entry(0x12000, 0x13007n);
    t.entry(0x13000 + 8, 0x1000n | (6n << 3n) | 7n);
    t.nonRoot(0x10000);
    expect(t.mmu.loadPdptes(0x1020)).toBe("loaded");
    t.entry(0x13000 + 8, 0n);
    expect(t.mmu.loadPdptes(0x1020)).toBe("fault");
    // a read; nothing allowed; not the linear address, not the final translation
    expect(t.mmu.fault).toEqual({ kind: "ept-violation", qualification: 1, gpa: 0x1020n });
  });
});

describe("5-level paging (SDM 3A, 4-Level Paging and 5-Level Paging)", () => {
  // Bits 56:48 = 0x1a5, 47:39 = 0x124, 38:30 = 0xd1, 29:21 = 0xb3, 20:12 = 0x189, 11:0 = 0xabc.
  const LINEAR = 0xffa5_9234_5678_9abcn;
  const PML5E = 0x1000 + 0x1a5 * 8;
  const PML4E = 0x2000 + 0x124 * 8;
  beforeEach(() => {
    t.state.set64("cr4", BigInt(Cr4.PAE | Cr4.LA57));
    t.entry(PML5E, 0x2007n);
    t.entry(PML4E, 0x3007n);
    t.entry(0x3000 + 0xd1 * 8, 0x4007n);
    t.entry(0x4000 + 0xb3 * 8, 0x5007n);
    t.entry(0x5000 + 0x189 * 8, 0x6007n);
  });

  it("translates through PML5E, PML4E, PDPTE, PDE and PTE", () => {
    expect(t.translate(LINEAR, Access.write)).toBe(true);
    expect(t.mmu.hpa).toBe(0x6000);
    expect([PML5E, PML4E].map((at) => t.read(at) & 0x60n)).toEqual([0x20n, 0x20n]);
  });

  it.each([
    ["PS in a PML5E", PML5E, 0x2087n],
    ["PS in a PML4E", PML4E, 0x3087n],
    ["bit 48 of a PML5E", PML5E, 0x0001_0000_0000_2007n],
  ])("sets RSVD for the reserved %s", (_, at, value) => {
    t.entry(at, value);
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(9);
  });

  it("combines the rights of all five entries", () => {
    t.entry(PML5E, 0x2003n | XD);
    expect(t.translate(LINEAR, Access.execute)).toBe(false);
    expect(t.errorCode()).toBe(0x11);
    t.state.set32("cpl", 3);
    expect(t.translate(LINEAR, Access.read)).toBe(false);
    expect(t.errorCode()).toBe(5);
  });
});
