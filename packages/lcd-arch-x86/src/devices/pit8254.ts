import type { AccessSize, InterruptLine, PortBus, PortDevice } from "./bus";
import type { Clock, ClockEvent } from "./clock";
import { PitCounter } from "./pit-counter";

/** Ports of the three counters, of the control word, and of the PC's system control port B. */
const Port = { counter0: 0x40, control: 0x43, systemControl: 0x61 } as const;

/** Bits of a control word (8254, "Control Word Format", "Read-Back Command"). */
const Control = {
  counterShift: 6,
  readBack: 3,
  accessMask: 0x30,
  latch: 0x00,
  noCountLatch: 1 << 5,
  noStatusLatch: 1 << 4,
  firstCounter: 1 << 1,
} as const;

/** System control port B of a PC AT. */
const SystemControl = { gate2: 1 << 0, writable: 0x0f, refresh: 1 << 4, output2: 1 << 5 } as const;

/** CLK of the counters, in Hz. */
const FREQUENCY = 1_193_182;

const SECOND = 1_000_000_000;

/** Counter 1 asks for a refresh of the RAM each 18 periods of CLK: bit 4 of port 0x61 changes each time. */
const REFRESH = 18;

/**
 * The timer 8254 of a PC: counter 0 interrupts, counter 2 drives the speaker, gated by port 0x61. Each rising edge of
 * OUT 0 reaches the interrupt line. Between them the line is told of
 * no falling edge, so that a request waits until it is served. Edges that the clock jumps over become one; the shortest
 * period, 2, takes 1676 ns.
 */
export class Pit8254 implements PortDevice {
  private readonly counters = [new PitCounter(true), new PitCounter(true), new PitCounter(false)] as const;
  private systemControl = 0;
  private event: ClockEvent | undefined;

  /** @param irq OUT of counter 0 */
  constructor(
    private readonly clock: Clock,
    private readonly irq: InterruptLine,
  ) {}

  /** Takes its ports: 0x40 to 0x43, and 0x61. */
  connect(ports: PortBus): void {
    ports.register(Port.counter0, 4, this);
    ports.register(Port.systemControl, 1, this);
  }

  readPort(port: number, _size: AccessSize): number {
    const now = this.now();
    if (port === Port.systemControl) {
      const refresh = Math.floor(now / REFRESH) & 1 ? SystemControl.refresh : 0;
      return this.systemControl | refresh | (this.counters[2].output(now) ? SystemControl.output2 : 0);
    }
    return port === Port.control ? 0xff : this.counters[port - Port.counter0].read(now);
  }

  writePort(port: number, _size: AccessSize, value: number): void {
    const now = this.now();
    if (port === Port.systemControl) {
      this.systemControl = value & SystemControl.writable;
      this.counters[2].setGate((value & SystemControl.gate2) !== 0, now);
    } else if (port === Port.control) {
      this.writeControl(value, now);
    } else {
      this.counters[port - Port.counter0].writeCount(value, now);
      if (port === Port.counter0) this.update();
    }
  }

  private writeControl(value: number, now: number): void {
    const counter = value >> Control.counterShift;
    if (counter === Control.readBack) {
      for (const [index, each] of this.counters.entries()) {
        if (!(value & (Control.firstCounter << index))) continue;
        if (!(value & Control.noCountLatch)) each.latchCount(now);
        if (!(value & Control.noStatusLatch)) each.latchStatus(now);
      }
    } else if ((value & Control.accessMask) === Control.latch) {
      this.counters[counter].latchCount(now);
    } else {
      this.counters[counter].writeControl(value);
      if (counter === 0) this.update();
    }
  }

  /** Periods of CLK since the machine was switched on. */
  private now(): number {
    return Math.floor((this.clock.now() * FREQUENCY) / SECOND);
  }

  /** Shows OUT 0 to the interrupt line, now and when it rises next. */
  private update(): void {
    const now = this.now();
    const rise = this.counters[0].nextRise(now);
    this.irq.set(this.counters[0].output(now));
    if (this.event !== undefined) this.clock.cancel(this.event);
    this.event = rise === undefined ? undefined : this.clock.schedule((rise * SECOND) / FREQUENCY, () => this.rise());
  }

  private rise(): void {
    this.irq.set(false);
    this.update();
  }
}
