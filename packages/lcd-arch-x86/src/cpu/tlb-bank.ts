import { NO_TAG_HIGH, TLB_ENTRIES, TLB_ENTRY_SIZE, TlbEntry } from "./translate/tlb-layout";

/** Frame number of an entry whose slot is not in its bank's list of filled ones: what the memory is filled with first. */
const NOT_LISTED = NO_TAG_HIGH;

const SMALL_PAGE = 12;
const PAGE = 4096;

/** In an entry's `attributes`: the page size as a power of two, and whether it is a global page. */
const PAGE_SHIFT = 0x1f;
const GLOBAL = 1 << 8;

/** A page as `Mmu` finds it. */
export interface FoundPage {
  readonly pageShift: number;
  readonly global: boolean;
}

/** Which pages an invalidation means, as what their attributes must be in which bits. */
const pageSets = {
  all: { mask: 0, value: 0 },
  global: { mask: GLOBAL, value: GLOBAL },
  local: { mask: GLOBAL, value: 0 },
} as const;
/** All pages, or those that are global, or those that are not. */
export type Pages = keyof typeof pageSets;

/** One software TLB in linear memory, as translated code looks it up (translate/tlb-layout.ts). */
export class TlbBank {
  /** Some entries are parts of pages of more than 4 KiB. */
  private large = false;
  /** Slots that were filled since the last flush, to clear only those. */
  private slots: number[] = [];

  /**
   * @param words linear memory
   * @param address linear-memory address of TLB_SIZE bytes, which are filled with -0: that has the bits of the empty tag,
   *   and does other fields no harm
   */
  constructor(
    private readonly words: Int32Array,
    readonly address: number,
  ) {
    this.clear(0);
  }

  /** Entries that a flush has to look at. */
  get filled(): number {
    return this.slots.length;
  }

  /** Remembers the translation of the page at `high`:`low`: see `Tlb.fill`. */
  fill(low: number, high: number, frame: number, place: number, writable: boolean, page: FoundPage): void {
    this.large ||= page.pageShift > SMALL_PAGE;
    const slot = slotOf(low);
    const at = this.wordOf(slot);
    const start = low & ~0xfff;
    const { words } = this;
    if (words[at + (TlbEntry.frame >> 2)] === NOT_LISTED) {
      this.slots.push(slot);
    }
    words[at] = start;
    words[at + 1] = high;
    if (writable) {
      words[at + 2] = start;
      words[at + 3] = high;
    } else {
      this.setTag(at + 2, slot);
    }
    words[at + (TlbEntry.addend >> 2)] = (place - start) | 0;
    words[at + (TlbEntry.frame >> 2)] = frame;
    words[at + (TlbEntry.attributes >> 2)] = page.pageShift | (page.global ? GLOBAL : 0);
  }

  /** Drops all translations of `pages`. */
  flush(pages: Pages): void {
    const { mask, value } = pageSets[pages];
    const kept: number[] = [];
    for (const slot of this.slots) {
      if ((this.attributes(slot) & mask) === value) {
        this.clear(slot);
        this.words[this.wordOf(slot) + (TlbEntry.frame >> 2)] = NOT_LISTED;
      } else {
        kept.push(slot);
      }
    }
    this.slots = kept;
    this.large &&= kept.length > 0;
  }

  /** Drops the page at an address with this low half, in all its parts, if it is one of `pages`. */
  dropPage(low: number, pages: Pages): void {
    const { mask, value } = pageSets[pages];
    const own = slotOf(low);
    for (const slot of this.large ? this.slots : [own]) {
      const attributes = this.attributes(slot);
      const within = (this.words[this.wordOf(slot)] ^ low) >>> (attributes & PAGE_SHIFT) === 0;
      if ((slot === own || within) && (attributes & mask) === value) {
        this.clear(slot);
      }
    }
  }

  /**
   * The longest run of pages around the one at `high`:`low` that are known, can be read or written without a look, and lie
   * in linear memory one behind the other; null when not even that page is.
   *
   * @param low multiple of 4096
   */
  runAround(low: number, high: number, forWrite: boolean): { low: number; pages: number; addend: number } | null {
    const tag = forWrite ? TlbEntry.writeTag : TlbEntry.readTag;
    const { words } = this;
    const addend = words[this.wordOf(slotOf(low)) + (TlbEntry.addend >> 2)];
    const isKnown = (page: number): boolean => {
      const at = this.wordOf(slotOf(page));
      const tagAt = at + (tag >> 2);
      return words[tagAt] === page && words[tagAt + 1] === high && words[at + (TlbEntry.addend >> 2)] === addend;
    };
    if (!isKnown(low)) {
      return null;
    }
    let first = low;
    let end = (low + PAGE) | 0;
    // A run does not go on beyond addresses with the same upper half.
    while (first !== 0 && isKnown((first - PAGE) | 0)) {
      first = (first - PAGE) | 0;
    }
    while (end !== 0 && isKnown(end)) {
      end = (end + PAGE) | 0;
    }
    return { low: first, pages: ((end - first) >>> 0) / PAGE, addend };
  }

  /** See `Tlb.find`. */
  find(low: number, high: number, size: number, forWrite: boolean): number {
    const { words } = this;
    const at = this.wordOf(slotOf(low));
    const tag = at + ((forWrite ? TlbEntry.writeTag : TlbEntry.readTag) >> 2);
    const inPage = low & (PAGE - 1);
    if (words[tag] !== low - inPage || words[tag + 1] !== high || inPage + size > PAGE) {
      return 0;
    }
    return (words[at + (TlbEntry.addend >> 2)] + low) >>> 0;
  }

  /** Makes stores to a frame leave the fast path. */
  protect(frame: number): void {
    for (const slot of this.slots) {
      const at = this.wordOf(slot);
      if (this.words[at + (TlbEntry.frame >> 2)] === frame) {
        this.setTag(at + (TlbEntry.writeTag >> 2), slot);
      }
    }
  }

  private wordOf(slot: number): number {
    return (this.address + slot * TLB_ENTRY_SIZE) >> 2;
  }

  private attributes(slot: number): number {
    return this.words[this.wordOf(slot) + (TlbEntry.attributes >> 2)];
  }

  private clear(slot: number): void {
    const at = this.wordOf(slot);
    this.setTag(at + (TlbEntry.readTag >> 2), slot);
    this.setTag(at + (TlbEntry.writeTag >> 2), slot);
  }

  /** Empties a tag. It is that of a page whose number belongs to another slot, so that not even that page matches. */
  private setTag(at: number, slot: number): void {
    this.words[at] = slot === 0 ? 0x1000 : 0;
    this.words[at + 1] = NO_TAG_HIGH;
  }
}

function slotOf(low: number): number {
  return (low >>> SMALL_PAGE) & (TLB_ENTRIES - 1);
}
