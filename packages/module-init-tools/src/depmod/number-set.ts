/** A set of small numbers that is emptied in no time: to make one for each module would take as long as to read it. */
export class NumberSet {
  /** For each number the round in which it was added last. */
  #rounds = new Int32Array(1 << 12);
  #round = 1;

  clear(): void {
    this.#round++;
  }

  /**
   * @param number from 0 on; the set needs four bytes for each below it
   * @returns whether it was not there yet
   */
  add(number: number): boolean {
    if (number >= this.#rounds.length) this.#grow(number + 1);
    if (this.#rounds[number] === this.#round) return false;
    this.#rounds[number] = this.#round;
    return true;
  }

  #grow(needed: number): void {
    const larger = new Int32Array(Math.max(2 * this.#rounds.length, needed));
    larger.set(this.#rounds);
    this.#rounds = larger;
  }
}
