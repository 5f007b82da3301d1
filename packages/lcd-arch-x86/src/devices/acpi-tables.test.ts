import { describe, expect, it } from "vitest";
import { acpiTables } from "./acpi-tables";

const CPUS = 3;
const { address, bytes } = acpiTables(CPUS);
const view = new DataView(bytes.buffer);

const u32At = (at: number): number => view.getUint32(at - address, true);
const sum = (at: number, length: number): number =>
  bytes.subarray(at - address, at - address + length).reduce((total, byte) => (total + byte) & 0xff, 0);
const text = (at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at - address, at - address + length));

/** A table's bytes, whose checksum must be right. */
const table = (at: number, signature: string): Uint8Array => {
  const length = u32At(at + 4);
  expect([text(at, 4), sum(at, length)]).toEqual([signature, 0]);
  return bytes.slice(at - address, at - address + length);
};

const rsdt = u32At(address + 16);
const fadt = u32At(rsdt + 36);
const madt = u32At(rsdt + 40);

describe("ACPI tables", () => {
  it("are found through an RSDP at a multiple of 16 in the BIOS's area, with two checksums", () => {
    expect([address % 16, address >= 0xe0000, address + bytes.length <= 0x100000]).toEqual([0, true, true]);
    expect([text(address, 8), sum(address, 20), sum(address, 36)]).toEqual(["RSD PTR ", 0, 0]);
    expect([bytes[15], u32At(address + 20)]).toEqual([2, 36]);
  });

  it("are listed in RSDT and XSDT", () => {
    expect(table(rsdt, "RSDT")).toHaveLength(36 + 2 * 4);
    const xsdt = Number(view.getBigUint64(24, true));
    expect(table(xsdt, "XSDT")).toHaveLength(36 + 2 * 8);
    expect([36, 44].map((at) => Number(view.getBigUint64(xsdt - address + at, true)))).toEqual([fadt, madt]);
  });

  it("fit in the BIOS's area with 32 processors", () => {
    expect(acpiTables(32).bytes.length).toBeLessThan(0x8000);
  });
});

describe("the FADT (ACPI, Fixed ACPI Description Table)", () => {
  it("has the fixed hardware at 0x600, interrupting with IRQ 9", () => {
    expect(table(fadt, "FACP")).toHaveLength(244);
    expect(view.getUint16(fadt + 46 - address, true)).toBe(9);
    expect([56, 64, 76].map((offset) => u32At(fadt + offset))).toEqual([0x600, 0x604, 0x608]);
    expect([...bytes.subarray(fadt + 88 - address, fadt + 92 - address)]).toEqual([4, 2, 0, 4]);
    // Generic addresses: I/O space, bits, offset, access size, 64 bits of address.
    const generic = (offset: number): number[] => [
      ...bytes.subarray(fadt + offset - address, fadt + offset + 6 - address),
    ];
    expect([generic(148), generic(172), generic(208)]).toEqual([
      [1, 32, 0, 2, 0x00, 0x06],
      [1, 16, 0, 2, 0x04, 0x06],
      [1, 32, 0, 3, 0x08, 0x06],
    ]);
  });

  it("resets the machine with 6 at port 0xcf9", () => {
    expect([u32At(fadt + 112) & (1 << 10), u32At(fadt + 120), bytes[fadt + 128 - address]]).toEqual([
      1 << 10,
      0xcf9,
      6,
    ]);
  });

  it("names a FACS at a multiple of 64, and the DSDT twice", () => {
    const facs = u32At(fadt + 36);
    expect([text(facs, 4), u32At(facs + 4), facs % 64]).toEqual(["FACS", 64, 0]);
    expect([u32At(fadt + 132), u32At(fadt + 140)]).toEqual([facs, u32At(fadt + 40)]);
  });
});

it("has a DSDT that says how to switch off: Name (_S5, Package (4) {0, 0, 0, 0})", () => {
  const dsdt = table(u32At(fadt + 40), "DSDT");
  // NameOp "_S5_" PackageOp PkgLength NumElements, two byte constants, two ZeroOps.
  expect([...dsdt.subarray(36)]).toEqual([8, 0x5f, 0x53, 0x35, 0x5f, 0x12, 8, 4, 0x0a, 0, 0x0a, 0, 0, 0]);
});

describe("the MADT (ACPI, Multiple APIC Description Table)", () => {
  const structures: number[][] = [];
  const content = table(madt, "APIC");
  for (let at = 44; at < content.length; at += content[at + 1])
    structures.push([...content.slice(at, at + content[at + 1])]);

  it("has local APICs at 0xfee00000, and 8259s", () => {
    expect([u32At(madt + 36), u32At(madt + 40)]).toEqual([0xfee00000, 1]);
  });

  it("has a local APIC for each processor, enabled", () => {
    expect(structures.filter(([type]) => type === 0)).toEqual([0, 1, 2].map((id) => [0, 8, id, id, 1, 0, 0, 0]));
  });

  it("has an I/O APIC, with IRQ 0 at pin 2 and IRQ 9 level-triggered, and NMI at LINT1", () => {
    expect(structures.slice(CPUS)).toEqual([
      [1, 12, 0, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0],
      [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
      [2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0],
      [4, 6, 0xff, 0, 0, 1],
    ]);
  });
});
