import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";
import type { Clock, ClockEvent } from "./clock";
import { matchesAlarm, readTime, type TimeFormat, writeTime } from "./rtc-time";

const Port = { index: 0x70, data: 0x71 } as const;

/** Bit 7 of the index port keeps NMI from the processor. */
const NMI_MASKED = 0x80;

/** Registers behind the index port (MC146818, "Address Map"). */
const Register = { a: 0x0a, b: 0x0b, c: 0x0c, d: 0x0d } as const;

const RegisterA = { rate: 0x0f, divider: 0x70, updateInProgress: 0x80 } as const;

/** The divider's setting for a crystal of 32,768 Hz. With any other, time stands still here. */
const DIVIDER_ON = 0x20;

const RegisterB = { hours24: 0x02, binary: 0x04, updateEnded: 0x10, alarm: 0x20, periodic: 0x40, set: 0x80 } as const;

/** The flags of C are in the places of their enable bits in B. */
const RegisterC = { updateEnded: 0x10, alarm: 0x20, periodic: 0x40, request: 0x80 } as const;

const RegisterD = { validTime: 0x80 } as const;

/** Bytes of memory: in 1 KiB below and above 1 MiB, twice, and in 64 KiB above 16 MiB and above 4 GiB. */
const Cmos = { base: 0x15, extended: 0x17, extendedAgain: 0x30, above16M: 0x34, above4G: 0x5b } as const;

const SECOND = 1_000_000_000;
const DAY = 86_400;

/** UIP is set so many nanoseconds before an update (MC146818, "Update Cycle"). */
const UPDATE_WARNING = 244_000;

/** The first update comes so long after the divider was started. */
const FIRST_UPDATE = SECOND / 2;

const KIB = 1024;

/** What a clock is made with. */
export interface RtcOptions {
  clock: Clock;
  /** IRQ 8. */
  irq: InterruptLine;
  /** Bytes of RAM. */
  memory: number;
  /** When the machine is switched on. Default: 2025-01-01T00:00:00Z, so that runs repeat. */
  start?: Date;
}

/**
 * The clock MC146818 of a PC, with its battery-backed memory. It looks at the time when it is asked; interrupts that are
 * enabled, and of which it has not told yet, wake it: at most every 122 us, and not again before C has been read.
 */
export class Rtc implements PortDevice {
  private readonly clock: Clock;
  private readonly irq: InterruptLine;
  private readonly registers = new Uint8Array(128);
  private index = 0;
  private masksNmi = false;
  /** A time at which a second ends. */
  private phase = 0;
  /** Seconds and periods that have ended when the registers were last looked at. */
  private seconds = 0;
  private periods = 0;
  private event: ClockEvent | undefined;

  constructor({ clock, irq, memory, start = new Date(Date.UTC(2025, 0, 1)) }: RtcOptions) {
    this.clock = clock;
    this.irq = irq;
    this.registers[Register.a] = DIVIDER_ON | 6;
    this.registers[Register.b] = RegisterB.hours24;
    this.registers[Register.d] = RegisterD.validTime;
    writeTime(this.registers, Math.floor(start.getTime() / 1000), this.format());
    this.writeMemorySize(memory);
  }

  /** Takes ports 0x70 and 0x71. */
  connect(ports: PortBus): void {
    ports.register(Port.index, 2, this);
  }

  /** Whether software keeps NMI from the processor. */
  nmiMasked(): boolean {
    return this.masksNmi;
  }

  readPort(port: number, _size: AccessSize): number {
    if (port === Port.index) return 0xff;
    this.update();
    if (this.index === Register.a) return this.registers[Register.a] | this.updateInProgress();
    const value = this.registers[this.index];
    if (this.index === Register.c) {
      this.registers[Register.c] = 0;
      this.plan();
    }
    return value;
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    if (port === Port.index) {
      this.index = value & 0x7f;
      this.masksNmi = (value & NMI_MASKED) !== 0;
      return;
    }
    this.update();
    switch (this.index) {
      case Register.a:
        this.writeA(value & ~RegisterA.updateInProgress);
        break;
      case Register.b:
        // Setting SET ends an update, and its interrupt.
        this.registers[Register.b] = value & RegisterB.set ? value & ~RegisterB.updateEnded : value;
        break;
      case Register.c:
      case Register.d:
        break;
      default:
        this.registers[this.index] = value;
    }
    this.plan();
  }

  private writeA(value: number): void {
    const wasRunning = this.isDividerOn();
    this.registers[Register.a] = value;
    if (!wasRunning && this.isDividerOn()) {
      this.phase = this.clock.now() + FIRST_UPDATE - SECOND;
      this.seconds = 0;
    }
    this.periods = this.endedPeriods();
  }

  private isDividerOn(): boolean {
    return (this.registers[Register.a] & RegisterA.divider) === DIVIDER_ON;
  }

  private isCounting(): boolean {
    return this.isDividerOn() && !(this.registers[Register.b] & RegisterB.set);
  }

  private format(): TimeFormat {
    const b = this.registers[Register.b];
    return { binary: (b & RegisterB.binary) !== 0, hours24: (b & RegisterB.hours24) !== 0 };
  }

  private updateInProgress(): number {
    const left = this.nextSecond() - this.clock.now();
    return this.isCounting() && left <= UPDATE_WARNING ? RegisterA.updateInProgress : 0;
  }

  /** Nanoseconds between periodic interrupts, or undefined without. */
  private period(): number | undefined {
    const rate = this.registers[Register.a] & RegisterA.rate;
    if (rate === 0 || !this.isDividerOn()) return undefined;
    // Rates 1 and 2 are those of 8 and 9.
    return SECOND / (32_768 >> ((rate < 3 ? rate + 7 : rate) - 1));
  }

  private endedPeriods(): number {
    return Math.floor(this.clock.now() / (this.period() ?? Number.POSITIVE_INFINITY));
  }

  private nextSecond(): number {
    return this.phase + (this.seconds + 1) * SECOND;
  }

  /** Does what should have happened since the last time. */
  private update(): void {
    const periods = this.endedPeriods();
    if (periods > this.periods) this.registers[Register.c] |= RegisterC.periodic;
    this.periods = periods;
    const seconds = Math.floor((this.clock.now() - this.phase) / SECOND);
    if (this.isCounting() && seconds > this.seconds) this.count(seconds - this.seconds);
    this.seconds = seconds;
  }

  private count(seconds: number): void {
    const { registers } = this;
    const format = this.format();
    const before = readTime(registers, format);
    writeTime(registers, before + seconds, format);
    registers[Register.c] |= RegisterC.updateEnded;
    for (let second = 1; second <= Math.min(seconds, DAY); second++) {
      const secondOfDay = (((before + second) % DAY) + DAY) % DAY;
      if (matchesAlarm(registers, secondOfDay, format)) {
        registers[Register.c] |= RegisterC.alarm;
        return;
      }
    }
  }

  /** Requests an interrupt if a flag is enabled, and sees when the next one can be. */
  private plan(): void {
    const b = this.registers[Register.b];
    const flags = this.registers[Register.c];
    const { alarm, periodic, request, updateEnded } = RegisterC;
    const requested = (b & flags & (alarm | periodic | updateEnded)) !== 0;
    this.registers[Register.c] = requested ? flags | request : flags & ~request;
    this.irq.set(requested);

    const awaited = b & ~flags;
    const period = awaited & periodic ? this.period() : undefined;
    const tick = period === undefined ? Number.POSITIVE_INFINITY : (this.periods + 1) * period;
    const second = awaited & (alarm | updateEnded) && this.isCounting() ? this.nextSecond() : Number.POSITIVE_INFINITY;
    if (this.event !== undefined) this.clock.cancel(this.event);
    this.event = this.clock.schedule(Math.min(tick, second), () => {
      this.update();
      this.plan();
    });
  }

  private writeMemorySize(memory: number): void {
    const write = (first: number, value: number): void => {
      this.registers[first] = value & 0xff;
      this.registers[first + 1] = value >> 8;
    };
    const extended = Math.min(0xffff, Math.max(0, memory / KIB - 1024));
    write(Cmos.base, 640);
    write(Cmos.extended, extended);
    write(Cmos.extendedAgain, extended);
    write(Cmos.above16M, Math.min(0xffff, Math.max(0, Math.floor(memory / (64 * KIB)) - 256)));
    write(Cmos.above4G, 0);
  }
}
