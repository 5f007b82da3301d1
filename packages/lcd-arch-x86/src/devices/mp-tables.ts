import { SCI_IRQ } from "./acpi-tables";
import { LOCAL_APIC_ADDRESS } from "./apic-base";
import { IO_APIC_ADDRESS, IO_APIC_VERSION } from "./io-apic";
import { APIC_VERSION } from "./local-apic-registers";
import { ascii, joined, type PlacedBytes, u8, u16, u32, withChecksum, zeros } from "./table-bytes";

/** The floating pointer is searched in 16-byte steps in the BIOS's area, 0xf0000 to 0xfffff. */
const MP_ADDRESS = 0xf8000;

const SPECIFICATION_1_4 = 4;

const FLOATING_POINTER_LENGTH = 16;
const HEADER_LENGTH = 44;

/** Entries of the configuration table (MultiProcessor Specification 1.4, 4.3). */
const Entry = { processor: 0, bus: 1, ioApic: 2, ioInterrupt: 3, localInterrupt: 4 } as const;
const ProcessorFlag = { enabled: 1, bootstrap: 2 } as const;
const InterruptType = { int: 0, nmi: 1, extInt: 3 } as const;

/** Polarity and trigger mode of interrupts: those of the bus, or active high and level-triggered. */
const Flags = { conforms: 0, levelActiveHigh: 0x000d } as const;

const ISA_BUS = 0;
const IO_APIC_ID = 0;
const ALL_APICS = 0xff;
const IRQS = 16;
const CASCADE = 2;

/** What the tables tell of processors. */
export interface MpOptions {
  cpus: number;
  /** EAX and EDX of CPUID leaf 1. */
  signature: number;
  features: number;
}

/** Intel's MP tables in the BIOS's area: floating pointer and configuration table (MultiProcessor Specification 1.4). */
export function mpTables(options: MpOptions): PlacedBytes {
  const table = configurationTable(options);
  const pointer = joined(
    ascii("_MP_", 4),
    u32(MP_ADDRESS + FLOATING_POINTER_LENGTH),
    u8(FLOATING_POINTER_LENGTH / 16),
    u8(SPECIFICATION_1_4),
    u8(0),
    /** There is a configuration table; no IMCR, so virtual wire mode. */
    zeros(5),
  );
  return { address: MP_ADDRESS, bytes: joined(withChecksum(pointer, 10), table) };
}

function configurationTable(options: MpOptions): Uint8Array {
  const entries = [
    ...processors(options),
    joined(u8(Entry.bus), u8(ISA_BUS), ascii("ISA", 6)),
    joined(u8(Entry.ioApic), u8(IO_APIC_ID), u8(IO_APIC_VERSION), u8(1), u32(IO_APIC_ADDRESS)),
    ...ioInterrupts(),
    localInterrupt(InterruptType.extInt, 0),
    localInterrupt(InterruptType.nmi, 1),
  ];
  const length = HEADER_LENGTH + joined(...entries).length;
  const header = [
    ascii("PCMP", 4),
    u16(length),
    u8(SPECIFICATION_1_4),
    u8(0),
    ascii("LCD", 8),
    ascii("LCDPC", 12),
    /** No table of the OEM's. */
    u32(0),
    u16(0),
    u16(entries.length),
    u32(LOCAL_APIC_ADDRESS),
    /** No extended table. */
    zeros(4),
  ];
  return withChecksum(joined(...header, ...entries), 7);
}

function processors({ cpus, signature, features }: MpOptions): Uint8Array[] {
  return Array.from({ length: cpus }, (_, id) => {
    const flags = ProcessorFlag.enabled | (id === 0 ? ProcessorFlag.bootstrap : 0);
    const identity = [u8(id), u8(APIC_VERSION), u8(flags), u32(signature), u32(features)];
    return joined(u8(Entry.processor), ...identity, zeros(8));
  });
}

/** Each IRQ at the pin of its number, except for the timer's, which is where the cascade would be. */
function ioInterrupts(): Uint8Array[] {
  const irqs = Array.from({ length: IRQS }, (_, irq) => irq).filter((irq) => irq !== CASCADE);
  return irqs.map((irq) => {
    const flags = irq === SCI_IRQ ? Flags.levelActiveHigh : Flags.conforms;
    const pin = irq === 0 ? CASCADE : irq;
    return joined(
      u8(Entry.ioInterrupt),
      u8(InterruptType.int),
      u16(flags),
      u8(ISA_BUS),
      u8(irq),
      u8(IO_APIC_ID),
      u8(pin),
    );
  });
}

const localInterrupt = (type: number, pin: number): Uint8Array =>
  joined(u8(Entry.localInterrupt), u8(type), u16(Flags.conforms), u8(ISA_BUS), u8(0), u8(ALL_APICS), u8(pin));
