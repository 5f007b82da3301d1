import fc from "fast-check";

/** Choices that look random and repeat for the same seed. */
export class Choices {
  #generate;

  /** @param seed any integer */
  constructor(seed) {
    [this.#generate] = fc.sample(fc.gen(), { seed, numRuns: 1 });
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit) {
    return this.#generate(fc.nat, limit - 1);
  }

  /** True `percent` times of 100. */
  chance(percent) {
    return this.#generate(fc.integer, { min: 0, max: 99 }) < percent;
  }

  /** One of a list. */
  pick(list) {
    return list[this.below(list.length)];
  }

  /** Up to `most` of a list; one may come twice. */
  some(list, most) {
    if (list.length === 0) return [];
    return Array.from({ length: this.below(most + 1) }, () => this.pick(list));
  }

  /** `value`, or undefined: for what may be missing. */
  maybe(percent, value) {
    return this.chance(percent) ? value : undefined;
  }

  /** A list in another order. */
  shuffled(list) {
    return list
      .map((item) => [this.below(1 << 30), item])
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }
}
