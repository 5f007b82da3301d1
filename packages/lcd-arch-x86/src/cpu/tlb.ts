import type { CpuState } from "./state";
import { jumpSlot } from "./translate/dispatcher";
import { JUMP_SIZE, JumpEntry, TLB_ENTRIES, TLB_ENTRY_SIZE, TLB_SIZE, TlbEntry } from "./translate/tlb-layout";

/** Address spaces that a processor remembers translations of. */
const BANKS = 4;

/** Linear memory that one processor's TLBs and jump caches take. */
export const TLB_AREA = BANKS * (TLB_SIZE + JUMP_SIZE);

/** High half of a tag that no canonical address has. */
const NO_TAG_HIGH = 0x80000000;

/** Frame number of an entry whose slot is not in its bank's list of filled ones: what the memory is filled with first. */
const NOT_LISTED = NO_TAG_HIGH >> 0;

/** One remembered address space: a TLB, a jump cache, and what they were made for. */
interface Bank {
  readonly tlb: number;
  readonly jumps: number;
  /** What translations depend on: compared in whole when the processor changes address spaces. */
  key: readonly number[];
  eptp: bigint;
  vpid: number;
  nonRoot: boolean;
  lastUsed: number;
  /** Some entries are parts of larger pages. */
  large: boolean;
  /** Slots that were filled since the last flush, to clear only those. */
  readonly filledTlb: number[];
  readonly filledJumps: number[];
}

/**
 * The software TLBs and jump caches of one processor. Entries belong to an address space; the most recent few are kept,
 * so that switching between two guests does not start from nothing.
 */
export class Tlb {
  private readonly words: Int32Array;
  private readonly banks: Bank[];
  private current: Bank;
  private uses = 0;

  /** @param area linear-memory address of TLB_AREA bytes */
  constructor(
    buffer: ArrayBufferLike,
    area: number,
    private readonly state: CpuState,
  ) {
    this.words = new Int32Array(buffer);
    this.banks = Array.from({ length: BANKS }, (_, index) => ({
      tlb: area + index * TLB_SIZE,
      jumps: area + BANKS * TLB_SIZE + index * JUMP_SIZE,
      key: [],
      eptp: 0n,
      vpid: 0,
      nonRoot: false,
      lastUsed: 0,
      large: false,
      filledTlb: [],
      filledJumps: [],
    }));
    // -0 has the bits of the empty tag; filling other fields with it as well does no harm.
    new Float64Array(buffer, area, TLB_AREA / 8).fill(-0);
    for (const bank of this.banks) {
      this.clearSlot(bank, 0);
    }
    this.current = this.banks[0];
    this.activate(this.current);
  }

  /** Goes to the bank of the address space that the processor's registers now name. */
  select(): void {
    const { state } = this;
    const key = [
      state.get32("nonRoot"),
      state.low("eptp"),
      state.high("eptp"),
      state.low("vpid"),
      state.low("cr3"),
      state.high("cr3"),
      state.low("cr0"),
      state.low("cr4"),
      state.low("efer"),
      state.get32("cpl") === 3 ? 1 : 0,
      state.get32("systemFlags") & (1 << 18),
    ];
    const known = this.banks.find((bank) => bank.key.length > 0 && key.every((value, at) => bank.key[at] === value));
    if (known) {
      this.activate(known);
      return;
    }
    const oldest = this.banks.reduce((a, b) => (b.lastUsed < a.lastUsed ? b : a));
    this.flushBank(oldest);
    oldest.key = key;
    oldest.eptp = state.get64("eptp");
    oldest.vpid = state.low("vpid");
    oldest.nonRoot = state.get32("nonRoot") !== 0;
    this.activate(oldest);
  }

  /** Entries that a flush of everything has to clear. */
  get filled(): number {
    return this.banks.reduce((sum, bank) => sum + bank.filledTlb.length + bank.filledJumps.length, 0);
  }

  /** Drops the translations of the current address space. */
  flushCurrent(): void {
    this.flushBank(this.current);
  }

  flushAll(): void {
    for (const bank of this.banks) {
      this.flushBank(bank);
    }
  }

  /** Drops translations that were made with an EPT pointer, or with any. */
  flushEpt(eptp: bigint | null): void {
    for (const bank of this.banks) {
      if (bank.nonRoot && bank.eptp !== 0n && (eptp === null || bank.eptp >> 12n === eptp >> 12n)) {
        this.flushBank(bank);
      }
    }
  }

  /** Drops translations of a VPID, or of all but 0. */
  flushVpid(vpid: number | null): void {
    for (const bank of this.banks) {
      if (vpid === null ? bank.vpid !== 0 : bank.vpid === vpid) {
        this.flushBank(bank);
      }
    }
  }

  /** Forgets where blocks start, in every address space: translations have been dropped. */
  flushJumps(): void {
    for (const bank of this.banks) {
      this.flushBankJumps(bank);
    }
  }

  /** Drops the translation of one page in the current address space, and what was reached through it. */
  flushPage(low: number): void {
    if (this.current.large) {
      // All parts of the page that the address is on have to go.
      this.flushBank(this.current);
      return;
    }
    this.clearSlot(this.current, (low >>> 12) & (TLB_ENTRIES - 1));
    this.flushBankJumps(this.current);
  }

  /** Makes stores to a frame leave the fast path: it holds translated code now. */
  protect(frame: number): void {
    for (const bank of this.banks) {
      for (const slot of bank.filledTlb) {
        const at = (bank.tlb + slot * TLB_ENTRY_SIZE) >> 2;
        if (this.words[at + (TlbEntry.frame >> 2)] === frame) {
          this.setTag(at + (TlbEntry.writeTag >> 2), slot, 0, NO_TAG_HIGH);
        }
      }
    }
  }

  /**
   * Remembers the translation of the page at `high`:`low`.
   *
   * @param place linear-memory address of the page
   * @param writable stores may go there without being looked at
   * @param large it is part of a page of more than 4 KiB
   */
  fill(low: number, high: number, frame: number, place: number, writable: boolean, large: boolean): void {
    const bank = this.current;
    bank.large ||= large;
    const slot = (low >>> 12) & (TLB_ENTRIES - 1);
    const at = (bank.tlb + slot * TLB_ENTRY_SIZE) >> 2;
    const page = low & ~0xfff;
    const { words } = this;
    if (words[at + (TlbEntry.frame >> 2)] === NOT_LISTED) {
      bank.filledTlb.push(slot);
    }
    words[at] = page;
    words[at + 1] = high;
    if (writable) {
      words[at + 2] = page;
      words[at + 3] = high;
    } else {
      this.setTag(at + 2, slot, 0, NO_TAG_HIGH);
    }
    words[at + (TlbEntry.addend >> 2)] = (place - page) | 0;
    words[at + (TlbEntry.frame >> 2)] = frame;
  }

  /** Remembers that the block at `high`:`low` starts with the function at a table index. */
  fillJump(low: number, high: number, index: number): void {
    const slot = jumpSlot(low, high);
    const at = (this.current.jumps + slot) >> 2;
    if (this.words[at + 1] === NO_TAG_HIGH >> 0) {
      this.current.filledJumps.push(slot);
    }
    this.words[at] = low;
    this.words[at + 1] = high;
    this.words[at + (JumpEntry.index >> 2)] = index;
  }

  private activate(bank: Bank): void {
    this.current = bank;
    bank.lastUsed = ++this.uses;
    this.state.set32("tlb", bank.tlb);
    this.state.set32("jumps", bank.jumps);
  }

  private flushBank(bank: Bank): void {
    for (const slot of bank.filledTlb) {
      this.clearSlot(bank, slot);
      this.unlist(bank, slot);
    }
    bank.filledTlb.length = 0;
    bank.large = false;
    this.flushBankJumps(bank);
  }

  private flushBankJumps(bank: Bank): void {
    for (const slot of bank.filledJumps) {
      this.clearJump(bank, slot);
    }
    bank.filledJumps.length = 0;
  }

  private clearSlot(bank: Bank, slot: number): void {
    const at = (bank.tlb + slot * TLB_ENTRY_SIZE) >> 2;
    this.setTag(at, slot, 0, NO_TAG_HIGH);
    this.setTag(at + 2, slot, 0, NO_TAG_HIGH);
  }

  private unlist(bank: Bank, slot: number): void {
    this.words[(bank.tlb + slot * TLB_ENTRY_SIZE + TlbEntry.frame) >> 2] = NOT_LISTED;
  }

  /** Empty tags are those of a page whose number belongs to another slot, so that not even that page matches. */
  private setTag(at: number, slot: number, low: number, high: number): void {
    this.words[at] = slot === 0 ? 0x1000 : low;
    this.words[at + 1] = high;
  }

  private clearJump(bank: Bank, slot: number): void {
    const at = (bank.jumps + slot) >> 2;
    this.words[at] = 0;
    this.words[at + 1] = NO_TAG_HIGH;
  }
}
