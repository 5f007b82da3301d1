import { type ApicMessage, DeliveryMode } from "./apic-message";
import type { InterruptLine } from "./bus";
import { ApicRegister, Lvt } from "./local-apic-registers";

/** The local APIC, as its local vector table sees it. */
export interface LvtOwner {
  readonly registers: Uint32Array;
  isEnabled(): boolean;
  isSoftwareEnabled(): boolean;
  receive(message: ApicMessage): boolean;
  /** INTR of the processor is active. */
  interrupt(): void;
  nmi(): void;
}

const entries = [
  ApicRegister.lvtTimer,
  ApicRegister.lvtThermal,
  ApicRegister.lvtPerformance,
  ApicRegister.lvtLint0,
  ApicRegister.lvtLint1,
  ApicRegister.lvtError,
] as const;

const pinEntries = [ApicRegister.lvtLint0, ApicRegister.lvtLint1] as const;

/** The interrupts that a local APIC makes itself, and its two pins (SDM 3A, "Local Vector Table"). */
export class LocalVectorTable {
  private readonly active = [false, false];

  constructor(private readonly owner: LvtOwner) {}

  /** After reset, and as long as software has the APIC disabled, every entry is masked. */
  maskAll(): void {
    for (const entry of entries) this.owner.registers[entry] |= Lvt.masked;
  }

  /** Software writes an entry. */
  write(entry: number, value: number): void {
    const { registers } = this.owner;
    const remoteIrr = value & Lvt.levelTriggered ? registers[entry] & Lvt.remoteIrr : 0;
    registers[entry] = (value & ~(Lvt.deliveryStatus | Lvt.remoteIrr)) | remoteIrr;
    if (!this.owner.isSoftwareEnabled()) this.maskAll();
    for (const pin of [0, 1]) this.servePin(pin, false);
  }

  /** The source of an entry has an interrupt. */
  deliver(entry: number, level = false): boolean {
    const value = this.owner.registers[entry];
    if (value & Lvt.masked) return false;
    return this.owner.receive({ mode: modeOf(value), vector: value & Lvt.vector, level });
  }

  /** The wire to pin 0 or 1. */
  line(pin: 0 | 1): InterruptLine {
    return {
      set: (active) => {
        const rising = active && !this.active[pin];
        this.active[pin] = active;
        this.servePin(pin, rising);
      },
    };
  }

  /** Whether LINT0 passes an interrupt of the 8259 on. */
  extIntActive(): boolean {
    return this.active[0] && this.modeOfPin(0) === DeliveryMode.extInt;
  }

  /** A level-triggered interrupt has ended: if it was a pin's, and the pin is active still, it comes again. */
  endOfInterrupt(vector: number): void {
    for (const [pin, entry] of pinEntries.entries()) {
      const { registers } = this.owner;
      if ((registers[entry] & Lvt.vector) === vector) registers[entry] &= ~Lvt.remoteIrr;
      this.servePin(pin, false);
    }
  }

  /** ExtINT and level-triggered fixed interrupts look at the pin's level, all others at its edges. */
  private servePin(pin: number, rising: boolean): void {
    const entry = pinEntries[pin];
    const value = this.owner.registers[entry];
    const mode = this.modeOfPin(pin);
    if (mode === DeliveryMode.extInt) {
      if (this.active[pin]) this.owner.interrupt();
    } else if (mode === DeliveryMode.nmi) {
      if (rising) this.owner.nmi();
    } else if (mode === DeliveryMode.fixed && value & Lvt.levelTriggered) {
      if (this.active[pin] && !(value & Lvt.remoteIrr) && this.deliver(entry, true)) {
        this.owner.registers[entry] |= Lvt.remoteIrr;
      }
    } else if (rising) {
      this.deliver(entry);
    }
  }

  /** What a pin does: a DeliveryMode, or -1 while masked. A disabled APIC connects the pins to INTR and NMI. */
  private modeOfPin(pin: number): number {
    if (!this.owner.isEnabled()) return pin === 0 ? DeliveryMode.extInt : DeliveryMode.nmi;
    const value = this.owner.registers[pinEntries[pin]];
    return value & Lvt.masked ? -1 : modeOf(value);
  }
}

const modeOf = (entry: number): number => (entry >> Lvt.deliveryModeShift) & 7;
