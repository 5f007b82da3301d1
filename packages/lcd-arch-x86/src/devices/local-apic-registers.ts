/**
 * Registers of the local APIC (SDM 3A, "Local APIC Register Address Map"). Register n is at offset n * 16 of the
 * xAPIC's page, and is MSR 0x800 + n of the x2APIC.
 */
export const ApicRegister = {
  id: 0x02,
  version: 0x03,
  taskPriority: 0x08,
  arbitrationPriority: 0x09,
  processorPriority: 0x0a,
  endOfInterrupt: 0x0b,
  remoteRead: 0x0c,
  logicalDestination: 0x0d,
  destinationFormat: 0x0e,
  spuriousVector: 0x0f,
  /** The first of eight. */
  inService: 0x10,
  /** The first of eight. */
  triggerMode: 0x18,
  /** The first of eight. */
  interruptRequest: 0x20,
  errorStatus: 0x28,
  commandLow: 0x30,
  /** Part of MSR 0x830 in an x2APIC. */
  commandHigh: 0x31,
  lvtTimer: 0x32,
  lvtThermal: 0x33,
  lvtPerformance: 0x34,
  lvtLint0: 0x35,
  lvtLint1: 0x36,
  lvtError: 0x37,
  initialCount: 0x38,
  currentCount: 0x39,
  divideConfiguration: 0x3e,
  selfIpi: 0x3f,
} as const;

/** Registers of a local APIC, used or not. */
export const APIC_REGISTERS = 0x40;

/** Version 0x14, an integrated APIC; the last of its six LVT entries is 5; no suppression of EOI broadcasts. */
export const APIC_VERSION = 0x0005_0014;

/** Spurious-interrupt vector register (SDM 3A, "Spurious Interrupt"). */
export const SpuriousVector = { vector: 0xff, apicEnabled: 1 << 8 } as const;

/** Local vector table (SDM 3A, "Local Vector Table"). */
export const Lvt = {
  vector: 0xff,
  deliveryModeShift: 8,
  /** Read-only; always 0 here, as messages arrive at once. */
  deliveryStatus: 1 << 12,
  polarity: 1 << 13,
  /** Read-only. */
  remoteIrr: 1 << 14,
  levelTriggered: 1 << 15,
  masked: 1 << 16,
  timerModeShift: 17,
} as const;

/** Error status register (SDM 3A, "Error Handling"). */
export const ApicError = { sendIllegalVector: 1 << 5, receiveIllegalVector: 1 << 6, illegalRegister: 1 << 7 } as const;

/** How a register may be accessed: "r" for reads, "w" for writes, none where it does not exist. */
export interface RegisterAccess {
  readonly xapic: string;
  readonly x2apic: string;
  /** Bits that may be written as 1; the others are reserved. An xAPIC ignores writes to them. */
  readonly defined: number;
}

const LVT_COMMON = Lvt.vector | Lvt.deliveryStatus | Lvt.masked;
const LVT_MODE = LVT_COMMON | 0x700;
const LVT_PIN = LVT_MODE | Lvt.polarity | Lvt.remoteIrr | Lvt.levelTriggered;

const accesses: readonly (readonly [register: number, xapic: string, x2apic: string, writable: number])[] = [
  [ApicRegister.id, "r", "r", 0],
  [ApicRegister.version, "r", "r", 0],
  [ApicRegister.taskPriority, "rw", "rw", 0xff],
  [ApicRegister.arbitrationPriority, "r", "", 0],
  [ApicRegister.processorPriority, "r", "r", 0],
  [ApicRegister.endOfInterrupt, "w", "w", 0],
  [ApicRegister.remoteRead, "r", "", 0],
  [ApicRegister.logicalDestination, "rw", "r", 0xff000000],
  [ApicRegister.destinationFormat, "rw", "", 0xf0000000],
  [ApicRegister.spuriousVector, "rw", "rw", 0x3ff],
  [ApicRegister.errorStatus, "rw", "rw", 0],
  [ApicRegister.commandLow, "rw", "rw", 0x000cdfff],
  [ApicRegister.commandHigh, "rw", "", 0xff000000],
  [ApicRegister.lvtTimer, "rw", "rw", LVT_COMMON | (3 << Lvt.timerModeShift)],
  [ApicRegister.lvtThermal, "rw", "rw", LVT_MODE],
  [ApicRegister.lvtPerformance, "rw", "rw", LVT_MODE],
  [ApicRegister.lvtLint0, "rw", "rw", LVT_PIN],
  [ApicRegister.lvtLint1, "rw", "rw", LVT_PIN],
  [ApicRegister.lvtError, "rw", "rw", LVT_COMMON],
  [ApicRegister.initialCount, "rw", "rw", 0xffffffff],
  [ApicRegister.currentCount, "r", "r", 0],
  [ApicRegister.divideConfiguration, "rw", "rw", 0xb],
  [ApicRegister.selfIpi, "", "w", 0xff],
  ...[ApicRegister.inService, ApicRegister.triggerMode, ApicRegister.interruptRequest].flatMap((first) =>
    Array.from({ length: 8 }, (_, word) => [first + word, "r", "r", 0] as const),
  ),
];

/** Access to each register that exists (SDM 3A, "Local APIC Register Address Map Supported by x2APIC"). */
export const registerAccess: ReadonlyMap<number, RegisterAccess> = new Map(
  accesses.map(([register, xapic, x2apic, defined]) => [register, { xapic, x2apic, defined: defined >>> 0 }]),
);
