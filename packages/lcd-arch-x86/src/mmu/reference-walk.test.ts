import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rflags } from "../cpu/state";
import { Access } from "./access";
import { Cr0, Cr4, Efer } from "./control-bits";
import { type ReferenceAccess, type ReferenceRegisters, referenceWalk } from "./test-reference";
import { TestTables } from "./test-tables";

const modes = ["none", "32-bit", "PAE", "4-level", "5-level"] as const;
const accesses = { read: Access.read, write: Access.write, fetch: Access.execute } as const;

/** Tables that are walked are in these pages, of which each has an entry wherever an index can point. */
const TABLES = 6;
const tableAt = (number: number): number => 0x1000 * (number + 1);

const flag = fc.boolean();
const often = fc.nat(9).map((n) => n !== 0);
const rarely = fc.nat(29).map((n) => n === 0);

/** An entry: mostly present, of a table or a page that is not far; now and then with a bit that may be reserved. */
const entry = fc
  .record({
    table: fc.nat(TABLES - 1),
    far: rarely,
    present: often,
    writable: often,
    user: often,
    large: fc.nat(3).map((n) => n === 0),
    global: flag,
    dirty: flag,
    executeDisable: rarely,
    odd: fc.option(fc.nat(63), { nil: null, freq: 12 }),
  })
  .map((e) => {
    let value = e.large ? 0xab_0040_0000n : BigInt(e.far ? 0x7fff_f000 : tableAt(e.table));
    const bits: [boolean, number][] = [
      [e.present, 0],
      [e.writable, 1],
      [e.user, 2],
      [e.dirty, 6],
      [e.large, 7],
      [e.global, 8],
      [e.executeDisable, 63],
    ];
    for (const [set, at] of bits) if (set) value |= 1n << BigInt(at);
    return e.odd === null ? value : value ^ (1n << BigInt(e.odd));
  });

/** Indices of a walk are one of two at each level, so that the few entries of a table are met. */
const INDICES = [0x05, 0x1f3];
const linear64 = fc
  .tuple(fc.array(fc.nat(1), { minLength: 5, maxLength: 5 }), fc.nat(0xfff))
  .map(([picks, offset]) =>
    picks.reduce((address, pick, level) => address | (BigInt(INDICES[pick]) << BigInt(12 + 9 * level)), BigInt(offset)),
  );

const registers: fc.Arbitrary<ReferenceRegisters> = fc.record({
  mode: fc.constantFrom(...modes),
  cr3: fc.constantFrom(0x1000n, 0x2018n),
  pdptes: fc.array(
    fc.tuple(fc.nat(TABLES - 1), often).map(([table, present]) => BigInt(tableAt(table)) | (present ? 1n : 0n)),
    { minLength: 4, maxLength: 4 },
  ),
  pse: flag,
  pge: flag,
  nxe: flag,
  wp: flag,
  smep: flag,
  smap: flag,
  ac: flag,
  cpl: fc.constantFrom(0, 1, 3, 3),
  implicit: fc.nat(3).map((n) => n === 0),
});

function load(t: TestTables, r: ReferenceRegisters): void {
  const sum = (...bits: [boolean, number][]): bigint =>
    BigInt(bits.reduce((all, [on, bit]) => (on ? all | bit : all), 0));
  const long = r.mode === "4-level" || r.mode === "5-level";
  const { state } = t;
  state.set64("cr0", (r.mode === "none" ? 0n : 0x8000_0000n) | sum([true, Cr0.PE], [r.wp, Cr0.WP]));
  state.set64(
    "cr4",
    sum(
      [long || r.mode === "PAE", Cr4.PAE],
      [r.mode === "5-level", Cr4.LA57],
      [r.pse, Cr4.PSE],
      [r.pge, Cr4.PGE],
      [r.smep, Cr4.SMEP],
      [r.smap, Cr4.SMAP],
    ),
  );
  state.set64("efer", sum([long, Efer.LME | Efer.LMA], [r.nxe, Efer.NXE]));
  state.set64("cr3", r.cr3);
  r.pdptes.forEach((pdpte, i) => state.set64("pdpte", pdpte, i));
  state.set32("cpl", r.cpl);
  state.set32("systemFlags", r.ac ? Rflags.AC : 0);
  t.mmu.implicitSupervisor = r.implicit;
}

/** For 32-bit paging: the indices that walks have. */
const DIRECTORY = [0, 3, 0x1f3, 0x3e7];
const TABLE = [1, 2, 0x205, 0x3f3];
const linear32 = fc
  .tuple(fc.constantFrom(...DIRECTORY), fc.constantFrom(...TABLE), fc.nat(0xfff))
  .map(([directory, table, offset]) => (BigInt(directory) << 22n) | (BigInt(table) << 12n) | BigInt(offset));

/** Random tables; as 4-byte entries for 32-bit paging. */
function fill(t: TestTables, narrow: boolean, entries: readonly bigint[]): void {
  let next = 0;
  for (let table = 0; table < TABLES; table++) {
    for (const index of narrow ? [...DIRECTORY, ...TABLE] : INDICES) {
      const value = entries[next++ % entries.length];
      if (narrow) t.entry32(tableAt(table) + index * 4, Number(BigInt.asUintN(32, value)));
      else t.entry(tableAt(table) + index * 8, value);
    }
  }
}

/** EPT tables behind the others that map the first TiB to itself, in pages of 1 GiB. */
const EPT = tableAt(TABLES);
function mapThroughEpt(t: TestTables): void {
  for (const half of [0, 1]) {
    const table = EPT + 0x1000 * (half + 1);
    t.entry(EPT + half * 8, BigInt(table) | 7n);
    for (let i = 0; i < 512; i++) t.entry(table + i * 8, (BigInt(half * 512 + i) << 30n) | 0xb7n);
  }
  t.nonRoot(EPT);
}

describe("any page walk (SDM 3A, Paging)", () => {
  it("ends as the manual's text says, in every mode, with the flags set that it asks for and no others, through EPT too", () => {
    const ends = { translated: 0, faulted: 0 };
    fc.assert(
      fc.property(
        registers,
        fc.array(entry, { minLength: 24, maxLength: 24 }),
        linear64,
        linear32,
        fc.constantFrom<ReferenceAccess>("read", "write", "fetch"),
        flag,
        (r, entries, wide, narrow, access, nested) => {
          const t = new TestTables(r.cr3, EPT + 0x3000);
          load(t, r);
          fill(t, r.mode === "32-bit", entries);
          if (nested) mapThroughEpt(t);
          const long = r.mode === "4-level" || r.mode === "5-level";
          const linear = long ? wide : r.mode === "32-bit" ? narrow : BigInt.asUintN(32, wide);
          const memory = new DataView(t.words.slice().buffer);
          const expected = referenceWalk(memory, r, linear, access);
          if (t.translate(linear, accesses[access])) {
            const { hpa, pageShift, global } = t.mmu;
            expect({ physical: BigInt(hpa) | (linear & 0xfffn), pageBits: pageShift, global }).toEqual(expected);
            ends.translated++;
          } else if (t.mmu.fault.kind === "ept-violation") {
            // Somewhere above the first TiB.
            expect(t.mmu.fault.gpa >> 40n).not.toBe(0n);
            return;
          } else {
            expect({ errorCode: t.errorCode() }).toEqual(expected);
            ends.faulted++;
          }
          expect(Buffer.compare(Buffer.from(t.words.buffer), Buffer.from(memory.buffer))).toBe(0);
        },
      ),
      { numRuns: 2000 },
    );
    // Both happen often enough to mean something.
    expect(Math.min(ends.translated, ends.faulted)).toBeGreaterThan(300);
  });
});
