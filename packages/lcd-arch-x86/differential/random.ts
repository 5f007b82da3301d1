/** A repeatable stream of random numbers (sfc32: a counter and three words of state, public domain). */
export class Random {
  private a = 0x9e3779b9;
  private b = 0x243f6a88;
  private c: number;
  private counter = 1;

  /** @param seed any integer; only its low 32 bits count */
  constructor(seed: number) {
    this.c = seed | 0;
    for (let i = 0; i < 12; i++) {
      this.u32();
    }
  }

  /** Another stream that goes on as this one does. */
  copy(): Random {
    const copy = new Random(0);
    copy.a = this.a;
    copy.b = this.b;
    copy.c = this.c;
    copy.counter = this.counter;
    return copy;
  }

  /** A number from 0 to 2^32 - 1. */
  u32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * limit);
  }

  /** True `percent` times of 100. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }
}
