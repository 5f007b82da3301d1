/** A set of interrupt vectors in eight 32-bit registers, as IRR, ISR and TMR are. */
export class VectorSet {
  /** @param words eight registers, vectors 0 to 31 first */
  constructor(private readonly words: Uint32Array) {}

  add(vector: number): void {
    this.words[vector >> 5] |= 1 << (vector & 31);
  }

  delete(vector: number): void {
    this.words[vector >> 5] &= ~(1 << (vector & 31));
  }

  has(vector: number): boolean {
    return ((this.words[vector >> 5] >>> (vector & 31)) & 1) === 1;
  }

  /** The highest vector of the set, or -1. */
  highest(): number {
    for (let word = 7; word >= 0; word--) {
      if (this.words[word] !== 0) return word * 32 + 31 - Math.clz32(this.words[word]);
    }
    return -1;
  }
}
