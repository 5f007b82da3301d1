import type { ApicBus } from "./apic-bus";
import { wideDestination } from "./apic-message";
import type { AccessSize, InterruptLine, MmioDevice } from "./bus";

/** Where PCs have their (first) I/O APIC. */
export const IO_APIC_ADDRESS = 0xfec00000;
export const IO_APIC_LENGTH = 0x1000;

/** Interrupt inputs. */
export const IO_APIC_PINS = 24;

/** Registers in memory (82093AA, "Memory Mapped Registers"); EOI exists from version 0x20 on. */
const Offset = { select: 0x00, window: 0x10, endOfInterrupt: 0x40 } as const;

/** Registers behind the window (82093AA, "IOAPIC Registers"). Two of 32 bits for each pin follow `redirection`. */
const Register = { id: 0x00, version: 0x01, arbitrationId: 0x02, redirection: 0x10 } as const;

/** A version with an EOI register. */
export const IO_APIC_VERSION = 0x20;

/** Bits 27 to 24 of the ID and arbitration ID registers. */
const ID = 0x0f000000;

/** Low half of a redirection entry (82093AA, "I/O Redirection Table Registers"). */
const Redirection = {
  vector: 0xff,
  deliveryModeShift: 8,
  logical: 1 << 11,
  activeLow: 1 << 13,
  /** A level-triggered interrupt was accepted and has not ended. Read-only. */
  remoteIrr: 1 << 14,
  levelTriggered: 1 << 15,
  masked: 1 << 16,
  /** All but delivery status, which is always idle here, and remote IRR. */
  writable: 0x1afff,
} as const;

/** The I/O APIC 82093AA, with the EOI register of its successors. Wires carry electrical levels: true is high. */
export class IoApic implements MmioDevice {
  private selected = 0;
  private id = 0;
  private readonly low = new Uint32Array(IO_APIC_PINS).fill(Redirection.masked);
  private readonly high = new Uint32Array(IO_APIC_PINS);
  private readonly levels: boolean[] = new Array(IO_APIC_PINS).fill(false);

  constructor(private readonly bus: ApicBus) {
    bus.addIoApic(this);
  }

  /** The wire to an interrupt input, 0 to 23. */
  line(pin: number): InterruptLine {
    return {
      set: (level) => {
        const changed = this.levels[pin] !== level;
        this.levels[pin] = level;
        if (changed) this.levelChanged(pin);
      },
    };
  }

  /** A level-triggered interrupt has ended: those that are active still come again. */
  endOfInterrupt(vector: number): void {
    for (let pin = 0; pin < IO_APIC_PINS; pin++) {
      const entry = this.low[pin];
      if (entry & Redirection.levelTriggered && (entry & Redirection.vector) === vector) {
        this.low[pin] &= ~Redirection.remoteIrr;
        this.serveLevel(pin);
      }
    }
  }

  /** Registers are 32 bits wide; parts of them can be read, too. */
  readMemory(offset: number, size: AccessSize): number {
    const value = this.readWord(offset & ~3) >>> ((offset & 3) * 8);
    return size === 4 ? value : value & ((1 << (size * 8)) - 1);
  }

  /** The selector takes bytes; the others are written as a whole. */
  writeMemory(offset: number, size: AccessSize, value: number): void {
    if (offset === Offset.select) this.selected = value & 0xff;
    else if (offset === Offset.window && size === 4) this.write(value);
    else if (offset === Offset.endOfInterrupt) this.endOfInterrupt(value & Redirection.vector);
  }

  private readWord(offset: number): number {
    if (offset === Offset.select) return this.selected;
    return offset === Offset.window ? this.read() : 0;
  }

  private read(): number {
    switch (this.selected) {
      case Register.id:
      case Register.arbitrationId:
        return this.id;
      case Register.version:
        return IO_APIC_VERSION | ((IO_APIC_PINS - 1) << 16);
      default: {
        const pin = this.selectedPin();
        if (pin < 0) return 0;
        return (this.selected & 1 ? this.high : this.low)[pin];
      }
    }
  }

  private write(value: number): void {
    const pin = this.selectedPin();
    if (this.selected === Register.id) {
      this.id = value & ID;
    } else if (pin >= 0 && this.selected & 1) {
      this.high[pin] = value & 0xff000000;
    } else if (pin >= 0) {
      const remoteIrr = value & Redirection.levelTriggered ? this.low[pin] & Redirection.remoteIrr : 0;
      this.low[pin] = (value & Redirection.writable) | remoteIrr;
      this.serveLevel(pin);
    }
  }

  /** The pin whose entry is selected, or -1. */
  private selectedPin(): number {
    const pin = (this.selected - Register.redirection) >> 1;
    return pin >= 0 && pin < IO_APIC_PINS ? pin : -1;
  }

  private isActive(pin: number): boolean {
    return this.levels[pin] !== ((this.low[pin] & Redirection.activeLow) !== 0);
  }

  /** Edges on a masked pin are lost. */
  private levelChanged(pin: number): void {
    const entry = this.low[pin];
    if (entry & Redirection.levelTriggered) this.serveLevel(pin);
    else if (!(entry & Redirection.masked) && this.isActive(pin)) this.send(pin);
  }

  /** A level-triggered interrupt is sent while its pin is active, but not again before it has ended. */
  private serveLevel(pin: number): void {
    const entry = this.low[pin];
    const { levelTriggered, masked, remoteIrr } = Redirection;
    if ((entry & (levelTriggered | masked | remoteIrr)) !== levelTriggered || !this.isActive(pin)) return;
    if (this.send(pin)) this.low[pin] |= remoteIrr;
  }

  private send(pin: number): boolean {
    const entry = this.low[pin];
    const message = {
      mode: (entry >> Redirection.deliveryModeShift) & 7,
      vector: entry & Redirection.vector,
      level: (entry & Redirection.levelTriggered) !== 0,
    };
    const destination = wideDestination(this.high[pin] >>> 24);
    return this.bus.send(message, destination, (entry & Redirection.logical) !== 0);
  }
}
