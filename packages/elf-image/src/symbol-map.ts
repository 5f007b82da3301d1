import { SHN_LORESERVE, STB_LOCAL, STT_FILE, STT_FUNC, STT_OBJECT, STT_SECTION } from "./constants";
import type { ElfImage } from "./parse";

/** Something with a name and a place. */
export interface NamedRange {
  readonly name: string;
  readonly address: bigint;
  /** Bytes; 0 when unknown: then it reaches to the next one. */
  readonly size: bigint | number;
}

/** Where an address is: `symbol` + `offset` bytes. */
export interface SymbolHit<T extends NamedRange> {
  readonly symbol: T;
  readonly offset: bigint;
}

/** Finds what an address belongs to. Of several at one address, the first that was given wins. */
export class SymbolMap<T extends NamedRange> {
  readonly #sorted: readonly T[];

  constructor(symbols: Iterable<T>) {
    const sorted = [...symbols].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    this.#sorted = sorted.filter((symbol, i) => i === 0 || sorted[i - 1]?.address !== symbol.address);
  }

  /** The symbol at or before `address` that reaches it; undefined when there is none. */
  lookup(address: bigint): SymbolHit<T> | undefined {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const candidate = this.#sorted[middle];
      if (candidate !== undefined && candidate.address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.#sorted[low - 1];
    if (symbol === undefined) return undefined;
    const offset = address - symbol.address;
    return Number(symbol.size) === 0 || offset < symbol.size ? { symbol, offset } : undefined;
  }
}

/**
 * The symbols of an image with a place, by address.
 *
 * In a relocatable file addresses count from the start of a section, so `sectionIndex` says which; in others it may be
 * left out. Functions and data come before labels, global before local ones.
 */
export function symbolMap(image: ElfImage, sectionIndex?: number): SymbolMap<NamedRange> {
  const placed = image.symbols.filter(
    ({ name, type, sectionIndex: index }) =>
      name !== "" &&
      type !== STT_SECTION &&
      type !== STT_FILE &&
      index > 0 &&
      index < SHN_LORESERVE &&
      (sectionIndex === undefined || index === sectionIndex),
  );
  const rank = ({ type, binding }: { type: number; binding: number }): number =>
    (type === STT_FUNC || type === STT_OBJECT ? 0 : 2) + (binding === STB_LOCAL ? 1 : 0);
  const ranked = placed.sort((a, b) => rank(a) - rank(b));
  return new SymbolMap(ranked.map(({ name, value, size }) => ({ name, address: value, size })));
}
