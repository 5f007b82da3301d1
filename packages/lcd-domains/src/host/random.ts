/** A small generator of numbers that look random and repeat for the same seed (a 32-bit xorshift). */
export class SeededRandom {
  private state: number;

  /** @param seed any integer */
  constructor(seed: number) {
    this.state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x6a09e667) | 1;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % limit;
  }
}
