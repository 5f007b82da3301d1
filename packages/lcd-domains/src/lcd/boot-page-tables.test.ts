import { describe, expect, it } from "vitest";
import { BootPageTables } from "./boot-page-tables";
import { TABLES_BASE } from "./layout";

/** Follows the tables as the manual says (SDM 3A, "4-Level Paging"), from their bytes. */
function walk(tables: BootPageTables, gva: bigint): { gpa: bigint; writable: boolean; executable: boolean } | null {
  let table = BigInt(TABLES_BASE);
  let [writable, executable] = [true, true];
  for (const shift of [39n, 30n, 21n, 12n]) {
    const bytes = tables.bytes(Number((table - BigInt(TABLES_BASE)) / 4096n));
    const entry = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(Number((gva >> shift) & 511n) * 8, true);
    if ((entry & 1n) === 0n) return null;
    writable &&= (entry & 2n) !== 0n;
    executable &&= entry >> 63n === 0n;
    const frame = entry & 0x000ffffffffff000n;
    if (shift === 12n || (entry & 0x80n) !== 0n)
      return { gpa: frame + (gva & ((1n << shift) - 1n)), writable, executable };
    table = frame;
  }
  return null;
}

describe("the boot page tables", () => {
  it("map what every domain has where it is, writable and not executable", () => {
    const tables = BootPageTables.common();
    for (const at of [
      0x100000n,
      0x1ff000n,
      0x200000n,
      0x3fffffn,
      0x4ff000n,
      0x500000n,
      0x504000n,
      0x507fffn,
      0x40000000n,
      0x7fffffffn,
    ]) {
      expect(walk(tables, at)).toEqual({ gpa: at, writable: true, executable: false });
    }
  });

  it("leave the first MiB unmapped, and what is behind the stack", () => {
    const tables = BootPageTables.common();
    for (const at of [0n, 0xff000n, 0x508000n, 0x510000n, 0x600000n, 0x80000000n]) expect(walk(tables, at)).toBeNull();
  });

  it("map a page of module space with the access it was given", () => {
    const tables = BootPageTables.common().clone();
    tables.map(0xffffffffa0000000n, 0x510000, { write: false, execute: true });
    tables.map(0xffffffffa0001000n, 0x511000, { write: false, execute: false });
    tables.map(0xffffffffe0000000n, 0x512000, { write: true, execute: false });
    expect(walk(tables, 0xffffffffa0000123n)).toEqual({ gpa: 0x510123n, writable: false, executable: true });
    expect(walk(tables, 0xffffffffa0001000n)).toEqual({ gpa: 0x511000n, writable: false, executable: false });
    expect(walk(tables, 0xffffffffe0000000n)).toEqual({ gpa: 0x512000n, writable: true, executable: false });
  });

  it("refuse to map a page twice", () => {
    const tables = BootPageTables.common();
    const access = { write: true, execute: false };
    expect(() => tables.map(0x500000, 0x600000, access)).toThrowError(expect.objectContaining({ code: "EEXIST" }));
  });

  it("refuse to grow beyond their 4 MiB", () => {
    const tables = BootPageTables.common();
    const access = { write: true, execute: false };
    expect(() => {
      for (let i = 0n; i < 1024n; i++) tables.map(0xffffff8000000000n + (i << 21n), 0x510000, access);
    }).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
    expect(tables.end).toBe(0x500000);
  });

  it("are copied, not shared, by clone", () => {
    const common = BootPageTables.common();
    common.clone().map(0xffffffffa0000000n, 0x510000, { write: false, execute: true });
    expect(walk(common, 0xffffffffa0000000n)).toBeNull();
  });
});
