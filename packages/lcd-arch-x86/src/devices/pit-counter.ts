/** Counter modes (8254, "Mode Definitions"). */
export const CounterMode = {
  interruptOnTerminalCount: 0,
  oneShot: 1,
  rateGenerator: 2,
  squareWave: 3,
  softwareStrobe: 4,
  hardwareStrobe: 5,
} as const;

/** How a counter's bytes are read and written (8254, "Control Word Format", RW). */
const Access = { low: 1, high: 2, lowThenHigh: 3 } as const;

/** Bits of the status byte above those of the control word (8254, "Status Byte"). */
const Status = { output: 0x80, nullCount: 0x40 } as const;

/**
 * One counter of the 8254. It is not clocked, but computed from the time that has passed. Times are numbers of periods
 * of CLK.
 */
export class PitCounter {
  /** The control word, without the counter's number. */
  private control = 0x30;
  /** What the counting element was last loaded with: 1 to 65536. */
  private count = 0x10000;
  /** When it was, or will be, loaded. */
  private loaded: number | undefined;
  /** How long it had counted when GATE stopped it. */
  private stopped: number | undefined;
  /** A count that will be loaded: at the end of the period in modes 2 and 3, at a trigger in modes 1 and 5. */
  private next: { readonly at: number; readonly count: number } | undefined;
  /** The low byte of a count whose high byte has not been written. */
  private lowByte: number | undefined;
  private readsHigh = false;
  private latchedCount: number | undefined;
  private latchedStatus: number | undefined;

  /** @param gate the level of GATE */
  constructor(private gate: boolean) {}

  writeControl(control: number): void {
    this.control = control & 0x3f;
    this.loaded = undefined;
    this.stopped = undefined;
    this.next = undefined;
    this.lowByte = undefined;
    this.readsHigh = false;
    this.latchedCount = undefined;
    this.latchedStatus = undefined;
  }

  writeCount(byte: number, now: number): void {
    switch (this.access()) {
      case Access.low:
        this.load(byte, now);
        break;
      case Access.high:
        this.load(byte << 8, now);
        break;
      default:
        if (this.lowByte === undefined) {
          this.lowByte = byte;
          if (this.mode() === CounterMode.interruptOnTerminalCount) this.loaded = undefined;
        } else {
          this.load(this.lowByte | (byte << 8), now);
          this.lowByte = undefined;
        }
    }
  }

  /** The counter latch command: holds the count until it is read. */
  latchCount(now: number): void {
    this.latchedCount ??= this.reading(now);
  }

  /** Holds the status until it is read. */
  latchStatus(now: number): void {
    const output = this.output(now) ? Status.output : 0;
    const isNull = this.next !== undefined || this.elapsed(now) === undefined ? Status.nullCount : 0;
    this.latchedStatus ??= output | isNull | this.control;
  }

  /** Reads a byte: of a latched status, of a latched count, or of the count as it is now. */
  read(now: number): number {
    if (this.latchedStatus !== undefined) {
      const status = this.latchedStatus;
      this.latchedStatus = undefined;
      return status;
    }
    const count = this.latchedCount ?? this.reading(now);
    const twoBytes = this.access() === Access.lowThenHigh;
    const high = twoBytes ? this.readsHigh : this.access() === Access.high;
    this.readsHigh = twoBytes && !high;
    if (!this.readsHigh) this.latchedCount = undefined;
    return high ? count >> 8 : count & 0xff;
  }

  getGate(): boolean {
    return this.gate;
  }

  /** GATE low stops modes 0, 2, 3 and 4; its rising edge starts modes 1, 2, 3 and 5 anew. */
  setGate(gate: boolean, now: number): void {
    if (gate === this.gate) return;
    this.settle(now);
    this.gate = gate;
    if (this.isTriggered()) {
      if (gate && (this.next !== undefined || this.loaded !== undefined))
        this.start(this.next?.count ?? this.count, now);
    } else if (this.loaded !== undefined && !gate) {
      this.stopped = Math.max(0, now - this.loaded);
    } else if (this.loaded !== undefined && this.isPeriodic()) {
      this.start(this.next?.count ?? this.count, now);
    } else if (this.loaded !== undefined) {
      this.loaded = now - (this.stopped ?? 0);
      this.stopped = undefined;
    }
  }

  /** The level of OUT. */
  output(now: number): boolean {
    this.settle(now);
    const elapsed = this.elapsed(now);
    if (elapsed === undefined) return this.mode() !== CounterMode.interruptOnTerminalCount;
    switch (this.mode()) {
      case CounterMode.interruptOnTerminalCount:
      case CounterMode.oneShot:
        return elapsed >= this.count;
      case CounterMode.rateGenerator:
        return this.stopped !== undefined || elapsed % this.count !== this.count - 1;
      case CounterMode.squareWave:
        return this.stopped !== undefined || elapsed % this.count < (this.count + 1) >> 1;
      default:
        return elapsed !== this.count;
    }
  }

  /** When OUT rises next, after `now`: undefined if it does not, unless something is written or GATE changes. */
  nextRise(now: number): number | undefined {
    this.settle(now);
    if (this.loaded === undefined || this.stopped !== undefined) return undefined;
    if (this.isPeriodic()) {
      // A count of 1 is illegal: OUT would not change.
      return this.count > 1 ? this.endOfPeriod(now) : undefined;
    }
    const isStrobe = this.mode() === CounterMode.softwareStrobe || this.mode() === CounterMode.hardwareStrobe;
    const rise = this.loaded + this.count + (isStrobe ? 1 : 0);
    return rise > now ? rise : undefined;
  }

  private mode(): number {
    const mode = (this.control >> 1) & 7;
    return mode > CounterMode.hardwareStrobe ? mode & 3 : mode;
  }

  private access(): number {
    return this.control >> 4;
  }

  private isPeriodic(): boolean {
    return this.mode() === CounterMode.rateGenerator || this.mode() === CounterMode.squareWave;
  }

  private isTriggered(): boolean {
    return this.mode() === CounterMode.oneShot || this.mode() === CounterMode.hardwareStrobe;
  }

  private isBcd(): boolean {
    return (this.control & 1) !== 0;
  }

  /** One more than what the counter counts to. */
  private modulus(): number {
    return this.isBcd() ? 10_000 : 0x10000;
  }

  private load(value: number, now: number): void {
    this.settle(now);
    const count = (this.isBcd() ? fromBcd(value) : value) || this.modulus();
    if (this.isTriggered()) this.next = { at: Number.POSITIVE_INFINITY, count };
    else if (this.loaded !== undefined && this.isPeriodic()) this.next = { at: this.endOfPeriod(now), count };
    else this.start(count, now);
  }

  /** The next CLK loads a count. */
  private start(count: number, now: number): void {
    this.count = count;
    this.loaded = now + 1;
    this.next = undefined;
    this.stopped = this.gate || this.isTriggered() ? undefined : 0;
  }

  /** When the period of modes 2 and 3 ends: not while GATE is low. */
  private endOfPeriod(now: number): number {
    if (this.loaded === undefined || this.stopped !== undefined) return Number.POSITIVE_INFINITY;
    return this.loaded + this.count * (Math.floor(Math.max(0, now - this.loaded) / this.count) + 1);
  }

  /** Loads the count for which it is time. */
  private settle(now: number): void {
    if (this.next !== undefined && now >= this.next.at) {
      this.loaded = this.next.at;
      this.count = this.next.count;
      this.next = undefined;
    }
  }

  /** Periods of CLK that have counted since the counting element was loaded, if it was. */
  private elapsed(now: number): number | undefined {
    if (this.stopped !== undefined) return this.stopped;
    return this.loaded === undefined || now < this.loaded ? undefined : now - this.loaded;
  }

  /** The counting element as software reads it. */
  private reading(now: number): number {
    this.settle(now);
    const elapsed = this.elapsed(now) ?? 0;
    const left = this.isPeriodic() ? this.leftInPeriod(elapsed % this.count) : this.count - elapsed;
    const value = ((left % this.modulus()) + this.modulus()) % this.modulus();
    return this.isBcd() ? toBcd(value) : value;
  }

  /** A square wave counts by two: an even number, twice in each period. */
  private leftInPeriod(elapsed: number): number {
    if (this.mode() === CounterMode.rateGenerator) return this.count - elapsed;
    const high = (this.count + 1) >> 1;
    return (this.count & ~1) - 2 * (elapsed < high ? elapsed : elapsed - high);
  }
}

/** Four decimal digits; digits above 9 count as what they are. */
function fromBcd(value: number): number {
  return (value >> 12) * 1000 + ((value >> 8) & 15) * 100 + ((value >> 4) & 15) * 10 + (value & 15);
}

function toBcd(value: number): number {
  const digit = (weight: number): number => Math.floor(value / weight) % 10;
  return (digit(1000) << 12) | (digit(100) << 8) | (digit(10) << 4) | digit(1);
}
