import { Cr4 } from "../mmu/control-bits";
import { RegisterWord, translationContext } from "../mmu/index";
import type { JumpCaches } from "./jump-caches";
import type { MemoryRanges } from "./memory-ranges";
import type { CpuState } from "./state";
import { type FoundPage, type Pages, TlbBank } from "./tlb-bank";
import { TLB_SIZE } from "./translate/tlb-layout";

/** Address spaces that a processor remembers translations of, counted once for each privilege that uses them. */
const BANKS = 8;

/** Linear memory that one processor's TLBs take. */
export const TLB_AREA = BANKS * TLB_SIZE;

/** What INVPCID drops (SDM 3A, "Operations that Invalidate TLBs and Paging-Structure Caches"). */
export const InvpcidType = { address: 0, singleContext: 1, allContexts: 2, allContextsKeepGlobals: 3 } as const;
export type InvpcidType = (typeof InvpcidType)[keyof typeof InvpcidType];

/** What translations depend on: the translation context, CR3, the EPT pointer, and what invalidations go by. */
const KEY_WORDS = 7;
/** Which word of a key is the VPID, and which the PCID. */
const VPID = 5;
const PCID = 6;

/** One remembered address space: a TLB, and what it was made for. */
interface Bank {
  /** Its place among the banks: what the jump caches know the address space by. */
  readonly index: number;
  readonly tlb: TlbBank;
  /** Compared in whole when the processor changes address spaces. */
  readonly key: Int32Array;
  /** The key says something. */
  used: boolean;
  eptp: bigint;
  lastUsed: number;
}

/**
 * The software TLBs of one processor. Entries belong to an address space; the most recent few are kept,
 * so that switching between two guests does not start from nothing.
 */
export class Tlb {
  private readonly banks: Bank[];
  private current: Bank;
  private uses = 0;
  /** The key that the processor's registers make now. */
  private readonly wanted = new Int32Array(KEY_WORDS);

  /** @param area linear-memory address of TLB_AREA bytes */
  constructor(
    buffer: ArrayBufferLike,
    area: number,
    private readonly state: CpuState,
    private readonly jumps: JumpCaches,
    private readonly ranges: MemoryRanges,
  ) {
    const words = new Int32Array(buffer);
    new Float64Array(buffer, area, TLB_AREA / 8).fill(-0);
    this.banks = Array.from({ length: BANKS }, (_, index) => ({
      index,
      tlb: new TlbBank(words, area + index * TLB_SIZE),
      key: new Int32Array(KEY_WORDS),
      used: false,
      eptp: 0n,
      lastUsed: 0,
    }));
    this.current = this.banks[0];
    this.activate(this.current);
  }

  /** Goes to the bank of the address space that the processor's registers now name. */
  select(): void {
    const { state, wanted } = this;
    const { u32 } = state;
    wanted[0] = translationContext(state);
    wanted[1] = u32[RegisterWord.cr3];
    wanted[2] = u32[RegisterWord.cr3 + 1];
    wanted[3] = u32[RegisterWord.eptp];
    wanted[4] = u32[RegisterWord.eptp + 1];
    wanted[VPID] = u32[RegisterWord.vpid];
    wanted[PCID] = currentPcid(state);
    if (isFor(this.current, wanted)) {
      this.jumps.select(this.current.index);
      return;
    }
    this.activate(this.banks.find((bank) => isFor(bank, wanted)) ?? this.takeOldest());
  }

  /** Entries that a flush of everything has to clear. */
  get filled(): number {
    return this.banks.reduce((sum, { tlb }) => sum + tlb.filled, this.jumps.filled);
  }

  /** Drops the translations of a PCID, those of the current VPID; 0 is the only PCID without CR4.PCIDE. */
  flushPcid(pcid: number, pages: Pages): void {
    for (const bank of this.banksOfVpid()) {
      if (bank.key[PCID] === pcid) {
        this.flush(bank, pages);
      }
    }
  }

  /** Drops the translations of every PCID, those of the current VPID. */
  flushPcids(pages: Pages): void {
    for (const bank of this.banksOfVpid()) {
      this.flush(bank, pages);
    }
  }

  /** Drops translations that were made with an EPT pointer, or with any. */
  flushEpt(eptp: bigint | null): void {
    for (const bank of this.banks) {
      if (bank.eptp !== 0n && (eptp === null || bank.eptp >> 12n === eptp >> 12n)) {
        this.flush(bank, "all");
      }
    }
  }

  /** Drops translations of a VPID, or of all but 0. */
  flushVpid(vpid: number | null): void {
    for (const bank of this.banks) {
      if (vpid === null ? bank.key[VPID] !== 0 : bank.key[VPID] === vpid) {
        this.flush(bank, "all");
      }
    }
  }

  /**
   * INVLPG: drops the translation of one page, whatever its size is, with the current PCID, and with any if it is global;
   * and what was reached through it.
   *
   * @param low low half of any linear address on the page. The high half is not looked at: pages that differ in it may go
   *   too, as the manual allows.
   */
  flushPage(low: number): void {
    const pcid = currentPcid(this.state);
    for (const bank of this.banksOfVpid()) {
      this.dropPage(bank, low, bank.key[PCID] === pcid ? "all" : "global");
    }
  }

  /**
   * INVPCID, after its operands have been checked (SDM 2A, "INVPCID").
   *
   * @param pcid for the types that name one
   * @param low low half of the linear address, for the type that names one
   */
  invalidatePcid(type: InvpcidType, pcid: number, low: number): void {
    switch (type) {
      case InvpcidType.address:
        for (const bank of this.banksOfVpid()) {
          if (bank.key[PCID] === pcid) {
            this.dropPage(bank, low, "local");
          }
        }
        break;
      case InvpcidType.singleContext:
        this.flushPcid(pcid, "local");
        break;
      case InvpcidType.allContexts:
        this.flushPcids("all");
        break;
      case InvpcidType.allContextsKeepGlobals:
        this.flushPcids("local");
        break;
    }
  }

  /**
   * Where in linear memory `size` bytes at an address are, if they lie in one page that is known, and may be written if
   * `forWrite`; else 0.
   *
   * @param low as a signed number; `high`, too
   */
  find(low: number, high: number, size: number, forWrite: boolean): number {
    return this.current.tlb.find(low, high, size, forWrite);
  }

  /** Makes stores to a frame leave the fast path: it holds translated code now. */
  protect(frame: number): void {
    for (const { tlb } of this.banks) {
      tlb.protect(frame);
    }
    this.ranges.clearWrites();
  }

  /**
   * Remembers the translation of the page at `high`:`low`.
   *
   * @param place linear-memory address of the page
   * @param writable stores may go there without being looked at
   * @param page what the walk has found: the size of the page, and whether it is global
   */
  fill(low: number, high: number, frame: number, place: number, writable: boolean, page: FoundPage): void {
    this.current.tlb.fill(low, high, frame, place, writable, page);
  }

  private activate(bank: Bank): void {
    this.current = bank;
    bank.lastUsed = ++this.uses;
    this.state.set32("tlb", bank.tlb.address);
    this.jumps.select(bank.index);
    this.ranges.clear();
    this.ranges.bank = bank.tlb;
  }

  /** Gives the bank that was left longest ago to the key that is wanted. */
  private takeOldest(): Bank {
    const { state } = this;
    const oldest = this.banks.reduce((a, b) => (b.lastUsed < a.lastUsed ? b : a));
    this.flush(oldest, "all");
    oldest.key.set(this.wanted);
    oldest.used = true;
    oldest.eptp = state.get64("eptp");
    return oldest;
  }

  private flush({ tlb, index }: Bank, pages: Pages): void {
    tlb.flush(pages);
    this.ranges.clear();
    this.jumps.flush(index);
  }

  private dropPage({ tlb, index }: Bank, low: number, pages: Pages): void {
    tlb.dropPage(low, pages);
    this.ranges.clear();
    this.jumps.flush(index);
  }

  private banksOfVpid(): Bank[] {
    const vpid = this.state.low("vpid");
    return this.banks.filter((bank) => bank.key[VPID] === vpid);
  }
}

/** The process-context identifier in use (SDM 3A, "Process-Context Identifiers (PCIDs)"). */
function currentPcid({ u32 }: CpuState): number {
  return (u32[RegisterWord.cr4] & Cr4.PCIDE) !== 0 ? u32[RegisterWord.cr3] & 0xfff : 0;
}

function isFor(bank: Bank, key: Int32Array): boolean {
  for (let word = 0; word < KEY_WORDS; word++) {
    if (bank.key[word] !== key[word]) {
      return false;
    }
  }
  return bank.used;
}
