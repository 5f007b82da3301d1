import type { Clock, ClockEvent } from "./clock";

/** Timer modes of the LVT timer entry (SDM 3A, "APIC Timer"). 3 is reserved, and is taken for one-shot here. */
export const TimerMode = { oneShot: 0, periodic: 1, tscDeadline: 2 } as const;

/** What the divide configuration register stands for, by bits 3, 1 and 0 of it. */
const divisors = [2, 4, 8, 16, 32, 64, 128, 1] as const;

/** A periodic timer does not wake the host more often than this, in nanoseconds: so many instructions run in between. */
const SHORTEST_PERIOD = 1000;

/**
 * The timer of a local APIC: one-shot, periodic, or at a value of the time-stamp counter. Before the divider it counts
 * nanoseconds. Ticks of a periodic timer that come faster than each 1000 ns become one, as they do in IRR.
 */
export class ApicTimer {
  private mode: number = TimerMode.oneShot;
  private divisor: number = divisors[0];
  private initialCount = 0;
  /** The value of IA32_TSC_DEADLINE: 0 when nothing is awaited. */
  private deadline = 0n;
  /** A time, in nanoseconds, at which the counter has reached or will reach 0; none while it stands still. */
  private expiry: number | undefined;
  private event: ClockEvent | undefined;

  /**
   * @param tsc the processor's time-stamp counter
   * @param expired called when the counter reaches 0, or the TSC its deadline
   */
  constructor(
    private readonly clock: Clock,
    private readonly tsc: () => bigint,
    private readonly expired: () => void,
  ) {}

  /** As after power-up or INIT. */
  reset(): void {
    this.stop();
    this.mode = TimerMode.oneShot;
    this.divisor = divisors[0];
  }

  /** Changing between TSC-deadline and the other modes disarms the timer; otherwise it counts on. */
  setMode(mode: number): void {
    if ((mode === TimerMode.tscDeadline) !== (this.mode === TimerMode.tscDeadline)) this.stop();
    if (mode === TimerMode.periodic && this.currentCount() === 0) this.disarm();
    this.mode = mode;
  }

  /** @param configuration the divide configuration register; a running counter goes on from where it is */
  setDivider(configuration: number): void {
    const count = this.currentCount();
    this.divisor = divisors[((configuration >> 1) & 4) | (configuration & 3)];
    if (count > 0) this.arm(this.clock.now() + count * this.divisor);
  }

  /** Starts counting from `count`; 0 stops. Ignored in TSC-deadline mode. */
  setInitialCount(count: number): void {
    if (this.mode === TimerMode.tscDeadline) return;
    this.disarm();
    this.initialCount = count;
    if (count > 0) this.arm(this.clock.now() + count * this.divisor);
  }

  getInitialCount(): number {
    return this.initialCount;
  }

  currentCount(): number {
    if (this.expiry === undefined || this.mode === TimerMode.tscDeadline) return 0;
    const past = this.clock.now() - this.expiry;
    const period = this.initialCount * this.divisor;
    const left = this.mode === TimerMode.periodic ? period - (((past % period) + period) % period) : Math.max(0, -past);
    return Math.ceil(left / this.divisor);
  }

  /** IA32_TSC_DEADLINE: 0 unless in TSC-deadline mode and armed. */
  getDeadline(): bigint {
    return this.deadline;
  }

  /** Writes IA32_TSC_DEADLINE: 0 disarms; one that has passed expires at once. Ignored in the other modes. */
  setDeadline(deadline: bigint): void {
    if (this.mode !== TimerMode.tscDeadline) return;
    this.disarm();
    this.deadline = deadline;
    if (deadline !== 0n) this.arm(this.clock.now() + Number(deadline - this.tsc()));
  }

  /** To be called when software has written the time-stamp counter. */
  tscChanged(): void {
    this.setDeadline(this.deadline);
  }

  private stop(): void {
    this.disarm();
    this.initialCount = 0;
    this.deadline = 0n;
  }

  private arm(expiry: number): void {
    this.disarm();
    this.wake(expiry);
  }

  private disarm(): void {
    if (this.event !== undefined) this.clock.cancel(this.event);
    this.event = undefined;
    this.expiry = undefined;
  }

  private wake(expiry: number): void {
    this.expiry = expiry;
    this.event = this.clock.schedule(expiry, () => this.expire(expiry));
  }

  private expire(expiry: number): void {
    this.event = undefined;
    this.deadline = 0n;
    if (this.mode === TimerMode.periodic) {
      this.wake(nextTick(expiry, this.initialCount * this.divisor, this.clock.now()));
    } else {
      this.expiry = undefined;
    }
    this.expired();
  }
}

/**
 * The tick after one at `last` that is to be told: none that has passed already, and of a very short period, which no
 * processor could serve, one in SHORTEST_PERIOD.
 */
export function nextTick(last: number, period: number, now: number): number {
  return last + period * Math.max(Math.ceil(SHORTEST_PERIOD / period), Math.floor((now - last) / period) + 1);
}
