import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";
import type { Clock, ClockEvent } from "./clock";

/** Where the registers are, as QEMU's PC has them; the FADT says so. */
export const AcpiPort = { pm1Event: 0x600, pm1Control: 0x604, pmTimer: 0x608 } as const;

/** Ports from the first register to behind the last. */
const PORTS = 0x10;

/** Bytes of the registers: status, enable, control; the timer has 32 bits, of which 24 count. */
const Offset = { status: 0, enable: 2, control: 4, timer: 8 } as const;

/** PM1 status and enable (ACPI, "PM1 Event Grouping"): the timer's bit 23 has changed. */
const TIMER = 0x0001;
/** Bits of PM1 enable: timer, global lock, power button, sleep button, RTC. Software reads back what it has enabled. */
const ENABLES = TIMER | (1 << 5) | (1 << 8) | (1 << 9) | (1 << 10);

/** PM1 control (ACPI, "PM1 Control Grouping"). */
const Control = { sciEnabled: 0x0001, sleepTypeShift: 10, sleepTypeMask: 0x1c00, sleep: 0x2000 } as const;

/** The sleeping type of soft-off, as in the DSDT's \_S5. */
export const SLEEP_TYPE_S5 = 0;

/** Hz. */
const FREQUENCY = 3_579_545;
const SECOND = 1_000_000_000;

/** The timer has 24 bits; a change of the highest is told. */
const TIMER_MASK = 0xffffff;
const HALF_CYCLE = 0x800000;

/** ACPI's fixed hardware: the power management timer, and soft-off. The machine is in ACPI mode from the start. */
export class AcpiPm implements PortDevice {
  private status = 0;
  private enable = 0;
  private control = 0;
  /** Changes of the timer's highest bit, when the status was last looked at. */
  private changes = 0;
  private event: ClockEvent | undefined;

  /**
   * @param sci the interrupt line that the FADT names: level-triggered
   * @param powerOff asks the machine to switch itself off
   */
  constructor(
    private readonly clock: Clock,
    private readonly sci: InterruptLine,
    private readonly powerOff: () => void,
  ) {}

  /** Takes ports 0x600 to 0x60f. */
  connect(ports: PortBus): void {
    ports.register(AcpiPort.pm1Event, PORTS, this, 4);
  }

  /** Any part of a register can be read. */
  readPort(port: number, size: AccessSize): number {
    this.update();
    const offset = port - AcpiPort.pm1Event;
    const value = this.registerAt(offset & ~3) >>> ((offset & 3) * 8);
    return (value & (0xffffffff >>> (32 - size * 8))) >>> 0;
  }

  /** Registers are written as a whole, or two at once. */
  writePort(port: number, size: AccessSize, value: number): void {
    this.update();
    const offset = port - AcpiPort.pm1Event;
    if (offset === Offset.status && size >= 2) this.status &= ~value;
    if (offset === Offset.enable && size === 2) this.enable = value & ENABLES;
    if (offset === Offset.status && size === 4) this.enable = (value >>> 16) & ENABLES;
    if (offset === Offset.control && size >= 2) this.writeControl(value);
    this.plan();
  }

  private writeControl(value: number): void {
    this.control = value & Control.sleepTypeMask;
    const type = this.control >> Control.sleepTypeShift;
    if (value & Control.sleep && type === SLEEP_TYPE_S5) this.powerOff();
  }

  private registerAt(offset: number): number {
    switch (offset) {
      case Offset.status:
        return this.status | (this.enable << 16);
      case Offset.control:
        return this.control | Control.sciEnabled;
      case Offset.timer:
        return this.ticks() % (TIMER_MASK + 1);
      default:
        return 0;
    }
  }

  private ticks(): number {
    return Math.floor((this.clock.now() * FREQUENCY) / SECOND);
  }

  private update(): void {
    const changes = Math.floor(this.ticks() / HALF_CYCLE);
    if (changes > this.changes) this.status |= TIMER;
    this.changes = changes;
  }

  /** Interrupts if that is enabled, or sees when the timer will. */
  private plan(): void {
    this.sci.set((this.status & this.enable) !== 0);
    if (this.event !== undefined) this.clock.cancel(this.event);
    this.event = undefined;
    if (this.enable & ~this.status & TIMER) {
      this.event = this.clock.schedule(((this.changes + 1) * HALF_CYCLE * SECOND) / FREQUENCY, () => {
        this.update();
        this.plan();
      });
    }
  }
}
