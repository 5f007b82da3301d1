import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Access } from "./access";
import { TestTables } from "./test-tables";

// EPT tables at 0x10000 (PML4), 0x11000 (PDPT), 0x12000 (PD), 0x13000 (PT for guest-physical 0 to 2 MiB).
const ROOT = 0x10000;
const PML4E = 0x10000;
const PDPTE = 0x11000;
const PDE = 0x12000;
const PTE = (gpa: number) => 0x13000 + (gpa >> 12) * 8;
const WB = 6n << 3n;
const RWX = 7n;

let t: TestTables;
/** Guest-physical 0x2000 is host-physical 0x22000, and so on, for the first 64 pages. */
beforeEach(() => {
  t = new TestTables();
  t.entry(PML4E, 0x11007n);
  t.entry(PDPTE, 0x12007n);
  t.entry(PDE, 0x13007n);
  for (let page = 0; page < 64; page++) t.entry(PTE(page << 12), BigInt(0x20000 + (page << 12)) | WB | RWX);
  t.nonRoot(ROOT);
  t.state.set64("cr0", 1n); // paging off: linear is guest-physical
});

const fault = () => t.mmu.fault;

describe("EPT translation (SDM 3C, EPT Translation Mechanism)", () => {
  it("translates guest-physical through four levels", () => {
    expect(t.translate(0x5678n, Access.write)).toBe(true);
    expect([t.mmu.gpa, t.mmu.hpa, t.mmu.writable]).toEqual([0x5000, 0x25000, true]);
  });

  it("is not used in VMX root operation", () => {
    t.state.set32("nonRoot", 0);
    expect(t.translate(0x5678n, Access.write)).toBe(true);
    expect(t.mmu.hpa).toBe(0x5000);
  });

  it("maps a 2-MByte page", () => {
    t.entry(PDE + 8, 0x0000_7777_7760_0000n | 0x80n | WB | RWX);
    expect(t.translate(0x3f_f123n, Access.execute)).toBe(true);
    expect(t.mmu.hpa).toBe(0x7777_7760_0000 + 0x1f_f000);
  });

  it("maps a 1-GByte page", () => {
    t.entry(PDPTE + 16, 0x0000_7777_4000_0000n | 0x80n | WB | RWX);
    expect(t.translate(0xbfff_f123n, Access.read)).toBe(true);
    expect(t.mmu.hpa).toBe(0x7777_7fff_f000);
  });

  it("reaches 48 bits of guest-physical address through guest paging", () => {
    guestPaging();
    t.entry(0x24000 + 5 * 8, 0x0000_ffff_ffff_f003n);
    t.entry(PML4E + 0x1ff * 8, 0x14007n);
    t.entry(0x14000 + 0x1ff * 8, 0x15007n);
    t.entry(0x15000 + 0x1ff * 8, 0x16007n);
    t.entry(0x16000 + 0x1ff * 8, 0x77000n | WB | RWX);
    expect(t.translate(0x5000n, Access.read)).toBe(true);
    expect([t.mmu.gpa, t.mmu.hpa]).toEqual([0xffff_ffff_f000, 0x77000]);
  });
});

describe("EPT violations (SDM 3C, EPT Violations; Exit Qualification for EPT Violations)", () => {
  // Expected: bits 2:0 the access, 5:3 what the entries allow, 7 and 8 set.
  it.each([
    ["a read of an unmapped page", Access.read, 0n, 0x181],
    ["a write to an unmapped page", Access.write, 0n, 0x182],
    ["a fetch from an unmapped page", Access.execute, 0n, 0x184],
    ["a write to a read-only page", Access.write, 1n, 0x18a],
    ["a fetch from a read-write page", Access.execute, 3n, 0x19c],
    ["a read of an execute-only page", Access.read, 4n, 0x1a1],
  ])("reports %s", (_, access, rights, qualification) => {
    t.entry(PTE(0x5000), 0x25000n | WB | rights);
    expect(t.translate(0x5678n, access)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-violation", qualification, gpa: 0x5678n });
  });

  it("combines the permissions of all levels", () => {
    t.entry(PDE, 0x13001n);
    t.entry(PDPTE, 0x12005n);
    expect(t.translate(0x5678n, Access.write)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-violation", qualification: 0x18a, gpa: 0x5678n });
  });

  it("lets an execute-only page be fetched from", () => {
    t.entry(PTE(0x5000), 0x25000n | WB | 4n);
    expect(t.translate(0x5678n, Access.execute)).toBe(true);
    expect(t.mmu.writable).toBe(false);
  });

  it("agrees with the permission bits for every combination of rights and access", () => {
    const rights = fc.constantFrom(1n, 3n, 4n, 5n, 7n);
    fc.assert(
      fc.property(rights, rights, rights, fc.constantFrom(0, 1, 2), (pde, pdpte, pte, access) => {
        t.entry(PDPTE, 0x12000n | pdpte);
        t.entry(PDE, 0x13000n | pde);
        t.entry(PTE(0x5000), 0x25000n | WB | pte);
        const allowed = Number(pde & pdpte & pte);
        const permitted = (allowed & (1 << access)) !== 0;
        expect(t.translate(0x5000n, access as 0 | 1 | 2)).toBe(permitted);
        if (!permitted) expect(fault()).toMatchObject({ qualification: (1 << access) | (allowed << 3) | 0x180 });
      }),
    );
  });
});

describe("EPT misconfigurations (SDM 3C, EPT Misconfigurations)", () => {
  it.each([
    ["write without read", PTE(0x5000), 0x25000n | WB | 2n],
    ["write and execute without read", PTE(0x5000), 0x25000n | WB | 6n],
    ["write without read in a table entry", PDE, 0x13002n],
    ["memory type 2", PTE(0x5000), 0x25000n | (2n << 3n) | RWX],
    ["memory type 3", PTE(0x5000), 0x25000n | (3n << 3n) | RWX],
    ["memory type 7", PTE(0x5000), 0x25000n | (7n << 3n) | RWX],
    ["address bit 48", PTE(0x5000), 0x0001_0000_0002_5000n | WB | RWX],
    ["bit 7 of a PML4E", PML4E, 0x11087n],
    ["bit 3 of a PML4E", PML4E, 0x1100fn],
    ["bit 6 of a PDPTE that refers to a table", PDPTE, 0x12047n],
    ["bit 3 of a PDE that refers to a table", PDE, 0x1300fn],
    ["bit 12 of a 1-GByte page", PDPTE, 0x1000n | 0x80n | WB | RWX],
    ["bit 20 of a 2-MByte page", PDE, 0x10_0000n | 0x80n | WB | RWX],
    ["a table outside RAM, which reads as ones", PDE, 0x7fff_f007n],
  ])("reports %s", (_, at, value) => {
    t.entry(at, value);
    expect(t.translate(0x5678n, Access.read)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-misconfiguration", gpa: 0x5678n });
  });
});

/** Guest tables at guest-physical 0x1000 to 0x4000 that map linear 0x5000 to guest-physical 0x6000. */
function guestPaging(): void {
  t.state.set64("cr0", 0x8001_0001n);
  t.entry(0x21000, 0x2007n);
  t.entry(0x22000, 0x3007n);
  t.entry(0x23000, 0x4007n);
  t.entry(0x24000 + 5 * 8, 0x6003n);
}

describe("guest paging over EPT (SDM 3C, EPT and guest paging structures)", () => {
  beforeEach(guestPaging);

  it("translates each guest paging-structure address with EPT", () => {
    expect(t.translate(0x5123n, Access.write)).toBe(true);
    expect([t.mmu.gpa, t.mmu.hpa, t.mmu.writable]).toEqual([0x6000, 0x26000, true]);
    expect(t.read(0x24000 + 5 * 8)).toBe(0x6063n);
  });

  it("reports a violation on a guest paging structure as a read with bit 8 clear", () => {
    t.entry(PTE(0x4000), 0n);
    expect(t.translate(0x5123n, Access.write)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-violation", qualification: 0x81, gpa: 0x4028n });
  });

  it("reports the guest-physical address of the final access with the offset in the page", () => {
    t.entry(PTE(0x6000), 0n);
    expect(t.translate(0x5123n, Access.execute)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-violation", qualification: 0x184, gpa: 0x6123n });
  });

  it("checks EPT write permission when it updates a guest accessed flag", () => {
    t.entry(PTE(0x4000), 0x24000n | WB | 5n);
    expect(t.translate(0x5123n, Access.read)).toBe(false);
    // bits 0 and 1: read-modify-write; readable and executable
    expect(fault()).toEqual({ kind: "ept-violation", qualification: 0x80 | 3 | (5 << 3), gpa: 0x4028n });
    t.entry(0x24000 + 5 * 8, 0x6023n);
    expect(t.translate(0x5123n, Access.read)).toBe(true);
    expect(t.translate(0x5123n, Access.write)).toBe(false);
  });

  it("raises the guest's page fault before the EPT violation of the final address", () => {
    t.entry(PTE(0x6000), 0n);
    t.entry(0x24000 + 5 * 8, 0x6001n);
    expect(t.translate(0x5123n, Access.write)).toBe(false);
    expect(fault()).toEqual({ kind: "page-fault", errorCode: 3 });
  });

  it("is writable without a walk only when guest and EPT both permit it", () => {
    t.entry(0x24000 + 5 * 8, 0x6063n);
    t.entry(PTE(0x6000), 0x26000n | WB | 5n);
    expect(t.translate(0x5123n, Access.read)).toBe(true);
    expect(t.mmu.writable).toBe(false);
  });
});

describe("accessed and dirty flags for EPT (SDM 3C, Accessed and Dirty Flags for EPT)", () => {
  const A = 0x100n;
  const D = 0x200n;

  it("are not touched while EPTP bit 6 is clear", () => {
    t.translate(0x5000n, Access.write);
    expect([t.read(PML4E), t.read(PTE(0x5000))]).toEqual([0x11007n, 0x25000n | WB | RWX]);
  });

  it("are set by reads and writes while EPTP bit 6 is set", () => {
    t.nonRoot(ROOT, 0x40);
    expect(t.translate(0x5000n, Access.read)).toBe(true);
    expect(t.mmu.writable).toBe(false);
    expect([PML4E, PDPTE, PDE].map((at) => t.read(at) & (A | D))).toEqual([A, A, A]);
    expect(t.read(PTE(0x5000)) & (A | D)).toBe(A);
    expect(t.translate(0x5000n, Access.write)).toBe(true);
    expect(t.mmu.writable).toBe(true);
    expect(t.read(PTE(0x5000)) & (A | D)).toBe(A | D);
  });

  it("make every use of a guest paging structure a write", () => {
    guestPaging();
    t.nonRoot(ROOT, 0x40);
    expect(t.translate(0x5000n, Access.read)).toBe(true);
    expect(t.read(PTE(0x3000)) & D).toBe(D);
    t.entry(PTE(0x3000), 0x23000n | WB | 5n);
    expect(t.translate(0x5000n, Access.read)).toBe(false);
    expect(fault()).toEqual({ kind: "ept-violation", qualification: 0x80 | 3 | (5 << 3), gpa: 0x3000n });
  });
});
