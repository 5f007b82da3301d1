import { AcpiPort, SLEEP_TYPE_S5 } from "./acpi-pm";
import { LOCAL_APIC_ADDRESS } from "./apic-base";
import { IO_APIC_ADDRESS } from "./io-apic";
import { ascii, joined, type PlacedBytes, u8, u16, u32, u64, withChecksum, zeros } from "./table-bytes";

/** Where the tables are: the RSDP is searched in 16-byte steps from 0xe0000 to 0xfffff. */
const ACPI_ADDRESS = 0xf0000;

const OEM_ID = "LCD";
const OEM_TABLE_ID = "LCDPC";

/** The interrupt request of ACPI's hardware: level-triggered, active high. */
export const SCI_IRQ = 9;

/** Interrupt Controller Structures of the MADT. */
const Madt = {
  pcAtCompatible: 1,
  localApic: 0,
  ioApic: 1,
  interruptSourceOverride: 2,
  localApicNmi: 4,
  enabled: 1,
  conforms: 0,
  levelTriggeredActiveHigh: 0x000d,
  allProcessors: 0xff,
} as const;

/** Flags of the FADT: WBINVD works; C1; no power and sleep button, nor RTC wake status, in fixed registers; reset register. */
const FADT_FLAGS = (1 << 0) | (1 << 2) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 10);

/** IA-PC boot flags: ISA devices, a keyboard controller, no VGA, no MSI. */
const BOOT_FLAGS = 0x000f;

/** Latencies that say that C2 and C3 are not there. */
const NO_C2 = 0xffff;

const CENTURY = 0x32;
const RESET = { port: 0xcf9, value: 0x06 } as const;

/** AML opcodes (ACPI, "ACPI Machine Language"). */
const Aml = { name: 0x08, package: 0x12, zero: 0x00, byte: 0x0a } as const;

/**
 * ACPI tables in the BIOS's area: RSDP, RSDT, XSDT, FADT, FACS, DSDT with \_S5, MADT (ACPI 2.0).
 *
 * @param cpus number of processors; the ID of a processor's APIC is its number
 */
export function acpiTables(cpus: number): PlacedBytes {
  let end = 0;
  const parts: Uint8Array[] = [];
  /** Puts a table behind those before it. @returns its address */
  const place = (bytes: Uint8Array, alignment = 16): number => {
    const at = Math.ceil(end / alignment) * alignment;
    parts.push(zeros(at - end), bytes);
    end = at + bytes.length;
    return ACPI_ADDRESS + at;
  };
  const rsdp = zeros(RSDP_LENGTH);
  place(rsdp);
  const facs = place(facsTable(), 64);
  const dsdt = place(dsdtTable());
  const tables = [place(fadtTable(facs, dsdt)), place(madtTable(cpus))];
  const rsdt = place(table("RSDT", 1, ...tables.map(u32)));
  const xsdt = place(table("XSDT", 1, ...tables.map(u64)));
  rsdp.set(rootPointer(rsdt, xsdt));
  return { address: ACPI_ADDRESS, bytes: joined(...parts) };
}

const RSDP_LENGTH = 36;

/** The first 20 bytes have a checksum of their own, as ACPI 1.0 knows these only. */
function rootPointer(rsdt: number, xsdt: number): Uint8Array {
  const revision = u8(2);
  const first = joined(ascii("RSD PTR ", 8), u8(0), ascii(OEM_ID, 6), revision, u32(rsdt));
  return withChecksum(joined(withChecksum(first, 8), u32(RSDP_LENGTH), u64(xsdt), u8(0), zeros(3)), 32);
}

/** A table with the header that all have (ACPI, "System Description Table Header"). */
function table(signature: string, revision: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const content = joined(...fields);
  const header = [ascii(signature, 4), u32(36 + content.length), u8(revision), u8(0), ascii(OEM_ID, 6)];
  const origin = [ascii(OEM_TABLE_ID, 8), u32(1), ascii(OEM_ID, 4), u32(1)];
  return withChecksum(joined(...header, ...origin, content), 9);
}

/** Firmware ACPI Control Structure: 64 bytes, without checksum. */
const facsTable = (): Uint8Array => joined(ascii("FACS", 4), u32(64), zeros(24), u8(1), zeros(31));

/** Name (\_S5, Package () {S5, S5, 0, 0}): the sleeping types of PM1a and PM1b. */
function dsdtTable(): Uint8Array {
  const elements = joined(u8(Aml.byte), u8(SLEEP_TYPE_S5), u8(Aml.byte), u8(SLEEP_TYPE_S5), u8(Aml.zero), u8(Aml.zero));
  const content = joined(u8(4), elements);
  const s5 = joined(u8(Aml.name), ascii("_S5_", 4), u8(Aml.package), u8(1 + content.length), content);
  return table("DSDT", 2, s5);
}

/** A register in I/O space (ACPI, "Generic Address Structure"). */
const ioRegister = (port: number, bits: number, access: number): Uint8Array =>
  joined(u8(1), u8(bits), u8(0), u8(access), u64(port));

const NO_REGISTER = zeros(12);

/** Fixed ACPI Description Table, revision 3. */
const fadtTable = (facs: number, dsdt: number): Uint8Array =>
  table(
    "FACP",
    3,
    u32(facs),
    u32(dsdt),
    u8(0),
    /** Preferred profile: desktop. */
    u8(1),
    u16(SCI_IRQ),
    /** No SMI command port, and so nothing to be commanded: ACPI_ENABLE, ACPI_DISABLE, S4BIOS_REQ, PSTATE_CNT. */
    u32(0),
    zeros(4),
    /** PM1a and b event, PM1a and b control, PM2 control, timer, GPE0, GPE1. */
    u32(AcpiPort.pm1Event),
    u32(0),
    u32(AcpiPort.pm1Control),
    u32(0),
    u32(0),
    u32(AcpiPort.pmTimer),
    u32(0),
    u32(0),
    /** Their lengths; GPE1 base, C-state control. */
    Uint8Array.of(4, 2, 0, 4, 0, 0, 0, 0),
    u16(NO_C2),
    u16(NO_C2),
    /** Flush size and stride, duty cycle, alarm registers for day and month. */
    zeros(8),
    u8(CENTURY),
    u16(BOOT_FLAGS),
    u8(0),
    u32(FADT_FLAGS),
    ioRegister(RESET.port, 8, 1),
    u8(RESET.value),
    zeros(3),
    /** FACS and DSDT again, with 64 bits. */
    u64(facs),
    u64(dsdt),
    ioRegister(AcpiPort.pm1Event, 32, 2),
    NO_REGISTER,
    ioRegister(AcpiPort.pm1Control, 16, 2),
    NO_REGISTER,
    NO_REGISTER,
    ioRegister(AcpiPort.pmTimer, 32, 3),
    NO_REGISTER,
    NO_REGISTER,
  );

/** Multiple APIC Description Table: the timer's IRQ 0 is pin 2 of the I/O APIC, and LINT1 is NMI. */
function madtTable(cpus: number): Uint8Array {
  const override = (irq: number, pin: number, flags: number): Uint8Array =>
    joined(u8(Madt.interruptSourceOverride), u8(10), u8(0), u8(irq), u32(pin), u16(flags));
  return table(
    "APIC",
    1,
    u32(LOCAL_APIC_ADDRESS),
    u32(Madt.pcAtCompatible),
    ...Array.from({ length: cpus }, (_, id) => joined(u8(Madt.localApic), u8(8), u8(id), u8(id), u32(Madt.enabled))),
    joined(u8(Madt.ioApic), u8(12), u8(0), u8(0), u32(IO_APIC_ADDRESS), u32(0)),
    override(0, 2, Madt.conforms),
    override(SCI_IRQ, SCI_IRQ, Madt.levelTriggeredActiveHigh),
    joined(u8(Madt.localApicNmi), u8(6), u8(Madt.allProcessors), u16(Madt.conforms), u8(1)),
  );
}
