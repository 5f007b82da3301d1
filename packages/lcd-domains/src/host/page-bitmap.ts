/**
 * A set of small integers that answers "which is the lowest?" without walking all of it: two levels of words.
 */
export class PageBitmap {
  private readonly words: Uint32Array;
  /** Bit i is set when `words[i]` is not 0. */
  private readonly summary: Uint32Array;
  private members = 0;

  /** @param capacity members are 0 to `capacity` - 1 */
  constructor(capacity: number) {
    this.words = new Uint32Array(Math.ceil(capacity / 32));
    this.summary = new Uint32Array(Math.ceil(this.words.length / 32));
  }

  /** How many members the set has. */
  get size(): number {
    return this.members;
  }

  has(index: number): boolean {
    return ((this.words[index >>> 5] >>> (index & 31)) & 1) === 1;
  }

  add(index: number): void {
    if (this.has(index)) return;
    this.members++;
    this.words[index >>> 5] |= 1 << (index & 31);
    this.summary[index >>> 10] |= 1 << ((index >>> 5) & 31);
  }

  delete(index: number): void {
    if (!this.has(index)) return;
    this.members--;
    const word = index >>> 5;
    this.words[word] &= ~(1 << (index & 31));
    if (this.words[word] === 0) this.summary[word >>> 5] &= ~(1 << (word & 31));
  }

  /** The lowest member, or -1 when the set is empty. */
  lowest(): number {
    if (this.members === 0) return -1;
    let block = 0;
    while (this.summary[block] === 0) block++;
    const word = block * 32 + lowestBit(this.summary[block]);
    return word * 32 + lowestBit(this.words[word]);
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
