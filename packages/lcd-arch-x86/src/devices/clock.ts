/** Something that will happen at a time of the clock. */
export interface ClockEvent {
  /** Nanoseconds. */
  readonly at: number;
}

/** Nothing happens later than this, 52 days: nanoseconds are still exact in a number there. */
const LAST_TIME = 2 ** 52;

interface QueuedEvent extends ClockEvent {
  /** Events of the same time happen in the order in which they were scheduled. */
  readonly order: number;
  readonly callback: () => void;
  /** Where it is in the heap, or -1 when it has happened or was cancelled. */
  place: number;
}

const isBefore = (a: QueuedEvent, b: QueuedEvent): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/**
 * The machine's virtual time, in nanoseconds since it was switched on, and what is to happen in it.
 *
 * Time stands still unless the machine moves it: by retired instructions (one is a nanosecond), by what instructions wait
 * for, and, when all processors are halted, to the next deadline. So the same guest sees the same time in every run.
 */
export class Clock {
  /** Binary heap: no event is before its parent, which is at half its place. */
  private readonly heap: QueuedEvent[] = [];
  private scheduled = 0;
  /** Nanoseconds in which no processor ran, or one waited for a device. */
  private idle = 0;

  /** @param running nanoseconds in which the processors ran, until this moment; never goes back */
  constructor(private readonly running: () => number) {}

  /** Nanoseconds since the machine was switched on. */
  now(): number {
    return this.running() + this.idle;
  }

  /** Lets time pass; what is due meanwhile happens at the next `runDue`. */
  delay(nanoseconds: number): void {
    this.idle += nanoseconds;
  }

  /** When the next event is due: Infinity when there is none. */
  nextDeadline(): number {
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0].at;
  }

  /**
   * Calls `callback` once, when `at` nanoseconds have passed, but not before the next nanosecond. What is too far away (52 days since
   * the machine was switched on) does not happen.
   */
  schedule(at: number, callback: () => void): ClockEvent {
    const event = { at: Math.max(Math.ceil(at), this.now() + 1), order: this.scheduled++, callback, place: -1 };
    if (event.at <= LAST_TIME) {
      this.put(event, this.heap.length);
      this.rise(event);
    }
    return event;
  }

  /** Forgets an event at once. One that has happened, or was cancelled before, is left alone. */
  cancel(event: ClockEvent): void {
    const { place } = event as QueuedEvent;
    if (this.heap[place] === event) this.remove(place);
  }

  /**
   * Lets everything happen that is due at `now`. What it schedules is due later, so this ends.
   *
   * @param now nanoseconds, finite; when it is later than the time, the machine was idle until then
   */
  runDue(now: number): void {
    this.idle += Math.max(0, now - this.now());
    while (this.heap.length > 0 && this.heap[0].at <= now) {
      const event = this.heap[0];
      this.remove(0);
      event.callback();
    }
  }

  private remove(place: number): void {
    const removed = this.heap[place];
    const last = this.heap.pop();
    if (last !== undefined && last !== removed) {
      this.put(last, place);
      this.sink(last);
      this.rise(last);
    }
    removed.place = -1;
  }

  private rise(event: QueuedEvent): void {
    while (event.place > 0) {
      const parent = this.heap[(event.place - 1) >> 1];
      if (!isBefore(event, parent)) return;
      this.swap(event, parent);
    }
  }

  private sink(event: QueuedEvent): void {
    for (;;) {
      const left = this.heap[event.place * 2 + 1];
      const right = this.heap[event.place * 2 + 2];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, event)) return;
      this.swap(event, child);
    }
  }

  private swap(a: QueuedEvent, b: QueuedEvent): void {
    const place = a.place;
    this.put(a, b.place);
    this.put(b, place);
  }

  private put(event: QueuedEvent, place: number): void {
    event.place = place;
    this.heap[place] = event;
  }
}
