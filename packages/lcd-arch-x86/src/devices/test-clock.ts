import { Clock } from "./clock";

/** A clock that tests move. */
export class TestClock extends Clock {
  constructor() {
    super(() => 0);
  }

  /** Lets `ns` nanoseconds pass, stopping at each deadline as an idle machine does. */
  pass(ns: number): void {
    const end = this.now() + ns;
    while (this.nextDeadline() <= end) this.runDue(this.nextDeadline());
    this.runDue(end);
  }

  /** Lets `ns` nanoseconds pass in one step, as when a processor ran on for so long. */
  jump(ns: number): void {
    this.runDue(this.now() + ns);
  }
}
