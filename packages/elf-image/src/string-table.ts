import { ElfError } from "./error";
import { EMPTY_NAME, NamePool } from "./name-pool";

/** Longest name accepted, in bytes: eight times what Linux accepts. */
const LONGEST_NAME = 4096;
/**
 * All names asked of one table, in characters for each byte of it: names may overlap, so a small hostile file could ask
 * for any amount. Linkers keep equal names, and ends of others, once: of 4,000 kernel modules the one with the most comes
 * to 5.
 */
const MOST_OVERLAP = 16;
/** In a small table many symbols may share one name. */
const ALWAYS_ALLOWED = 1 << 20;

/** A string table: NUL-terminated names found by their offset. */
export class StringTable {
  #charactersLeft: number;

  /**
   * @param what names the table in errors: `section .strtab`
   * @param pool shared by tables that have names in common
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly what: string,
    readonly pool: NamePool = new NamePool(),
  ) {
    this.#charactersLeft = Math.max(ALWAYS_ALLOWED, bytes.length * MOST_OVERLAP);
  }

  /** The name at `offset`. Throws ElfError when it is outside the table or has no end in it. */
  at(offset: number): string {
    return this.pool.nameOf(this.numberAt(offset));
  }

  /** The number of the name at `offset` in the pool. Throws as {@link at} does. */
  numberAt(offset: number): number {
    if (offset === 0 && this.bytes.length === 0) return EMPTY_NAME;
    if (offset >= this.bytes.length) {
      throw new ElfError(`a name is at offset ${offset} of ${this.what}, which has only ${this.bytes.length} bytes`);
    }
    const number = this.pool.numberAt(this.bytes, offset, LONGEST_NAME);
    if (number < 0) {
      throw new ElfError(
        `the name at offset ${offset} of ${this.what} has no NUL at its end, or is longer than ${LONGEST_NAME} bytes`,
      );
    }
    this.#charactersLeft -= this.pool.nameOf(number).length;
    if (this.#charactersLeft < 0) throw new ElfError(`the names in ${this.what} overlap too much`);
    return number;
  }

  /** Whether this name is at `offset`; makes no strings of those that are not, and does not throw. */
  isAt(offset: number, name: string): boolean {
    for (let i = 0; i < name.length; i++) {
      const character = name.charCodeAt(i);
      if (character > 0x7f) return this.pool.at(this.bytes, offset, LONGEST_NAME) === name;
      if (this.bytes[offset + i] !== character) return false;
    }
    return this.bytes[offset + name.length] === 0;
  }
}
