import { jumpSlot } from "./translate/dispatcher";
import { JumpEntry, NO_TAG_HIGH } from "./translate/tlb-layout";

/** One jump cache in linear memory, as the dispatcher looks it up (translate/tlb-layout.ts). */
export class JumpCache {
  /** Slots that were filled since the last flush, to clear only those. */
  private readonly slots: number[] = [];

  /**
   * @param words linear memory
   * @param address linear-memory address of JUMP_SIZE bytes, which are filled with -0, the bits of the empty tag
   */
  constructor(
    private readonly words: Int32Array,
    readonly address: number,
  ) {}

  /** Entries that a flush has to clear. */
  get filled(): number {
    return this.slots.length;
  }

  /** Remembers that the block at `high`:`low` starts with the function at a table index. */
  fill(low: number, high: number, index: number): void {
    const slot = jumpSlot(low, high);
    const at = (this.address + slot) >> 2;
    if (this.words[at + 1] === NO_TAG_HIGH) {
      this.slots.push(slot);
    }
    this.words[at] = low;
    this.words[at + 1] = high;
    this.words[at + (JumpEntry.index >> 2)] = index;
  }

  flush(): void {
    for (const slot of this.slots) {
      const at = (this.address + slot) >> 2;
      this.words[at] = 0;
      this.words[at + 1] = NO_TAG_HIGH;
    }
    this.slots.length = 0;
  }
}
