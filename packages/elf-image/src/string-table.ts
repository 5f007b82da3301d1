import { ElfError } from "./error";

/** Longest name accepted, in bytes: eight times what Linux accepts. */
const LONGEST_NAME = 4096;
/** All distinct names of one table together: names may overlap, so a small hostile file could ask for any amount. */
const MOST_CHARACTERS = 64 << 20;

/** A string table: NUL-terminated names found by their offset. */
export class StringTable {
  readonly #names = new Map<number, string>();
  #characters = 0;
  /** The whole table as text when a byte is a character; `null` when some character takes more. */
  readonly #text: string | null;

  /** @param what names the table in errors: `section .strtab` */
  constructor(
    readonly bytes: Uint8Array,
    readonly what: string,
  ) {
    const text = decodeText(bytes);
    this.#text = text.length === bytes.length ? text : null;
  }

  /** The name at `offset`. Throws ElfError when it is outside the table or has no end in it. */
  at(offset: number): string {
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    if (offset === 0 && this.bytes.length === 0) return "";
    if (offset >= this.bytes.length) {
      throw new ElfError(`a name is at offset ${offset} of ${this.what}, which has only ${this.bytes.length} bytes`);
    }
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) throw new ElfError(`the name at offset ${offset} of ${this.what} has no NUL at its end`);
    if (end - offset > LONGEST_NAME) {
      throw new ElfError(`the name at offset ${offset} of ${this.what} is longer than ${LONGEST_NAME} bytes`);
    }
    this.#characters += end - offset;
    if (this.#characters > MOST_CHARACTERS) throw new ElfError(`the names in ${this.what} overlap too much`);
    const name = this.#text === null ? decodeText(this.bytes.subarray(offset, end)) : this.#text.slice(offset, end);
    this.#names.set(offset, name);
    return name;
  }
}

/** Bytes to text: UTF-8; what is not becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
