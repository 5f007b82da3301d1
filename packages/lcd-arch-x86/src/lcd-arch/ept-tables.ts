import { __hpa, type gpa_t, type hpa_t, PAGE_SHIFT, PAGE_SIZE } from "../address";
import { KernelError } from "../errno";
import type { PhysicalMemory } from "../machine/physical-memory";
import type { PageSource } from "./page-source";

/** Permission bits of an EPT entry (SDM 3C, "EPT Translation Mechanism"). */
export const EptPermission = { read: 1n, write: 2n, execute: 4n } as const;

const PRESENT = EptPermission.read | EptPermission.write | EptPermission.execute;
const ADDRESS = 0x000f_ffff_ffff_f000n;
const WRITE_BACK = 6n;
const MEMORY_TYPE_SHIFT = 3n;
const TABLE = PRESENT;

/** Lowest guest-physical address bit of each level's index, from the root down. */
const shifts = [39n, 30n, 21n, 12n] as const;
const LAST = shifts.length - 1;

/** Guest-physical addresses have 48 bits in a 4-level EPT. */
export const GUEST_PHYSICAL_LIMIT = 1n << 48n;

/** An entry that maps a page, and where it is. */
export interface EptEntry {
  /** Host-physical address of the entry. */
  readonly at: hpa_t;
  readonly entry: bigint;
  /** Host page that it maps. */
  readonly hpa: hpa_t;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** The extended page tables of one domain, in host pages, in the format of the hardware: 4 levels, 4 KiB pages. */
export class EptTables {
  readonly root: hpa_t;
  private readonly memory: PhysicalMemory;
  private readonly pages: PageSource;
  /** Entries in use in each table, by its address. */
  private readonly used = new Map<hpa_t, number>();
  /** The last-level table that was looked up last, and the address bits above it. */
  private leafTable: hpa_t | null = null;
  private leafRegion = 0n;

  /** @throws KernelError ENOMEM */
  constructor(memory: PhysicalMemory, pages: PageSource) {
    this.memory = memory;
    this.pages = pages;
    this.root = pages.allocPage();
    this.used.set(this.root, 0);
  }

  /** The EPT pointer: write-back, 4-level walks, accessed and dirty flags not used. */
  get pointer(): bigint {
    return this.root | (BigInt(LAST) << 3n) | WRITE_BACK;
  }

  /** Host pages that the tables take. */
  get tableCount(): number {
    return this.used.size;
  }

  /** The entry that maps `gpa`, or null. */
  find(gpa: gpa_t): EptEntry | null {
    const at = this.locate(gpa);
    if (at === null) return null;
    const entry = this.memory.readU64(at);
    if ((entry & PRESENT) === 0n) return null;
    return {
      at,
      entry,
      hpa: __hpa(entry & ADDRESS),
      read: (entry & EptPermission.read) !== 0n,
      write: (entry & EptPermission.write) !== 0n,
      execute: (entry & EptPermission.execute) !== 0n,
    };
  }

  /**
   * Makes the tables that lead to the entry of `gpa`.
   *
   * @returns host-physical address of the entry
   * @throws KernelError ENOMEM; then no table was made
   */
  reach(gpa: gpa_t): hpa_t {
    const at = this.locate(gpa);
    if (at !== null) return at;
    const path = this.path(gpa);
    return this.grow(path[path.length - 1], gpa, path.length - 1);
  }

  /** Writes the entry at `at`, which `reach` gave for `gpa`, to map a page. */
  set(at: hpa_t, hpa: hpa_t, permissions: bigint): void {
    if ((this.memory.readU64(at) & PRESENT) === 0n) this.count(at, 1);
    this.memory.writeU64(at, hpa | permissions | (WRITE_BACK << MEMORY_TYPE_SHIFT));
  }

  /** Takes the mapping of `gpa`, which exists, out; frees tables that are empty then. */
  clear(gpa: gpa_t): void {
    const at = this.reach(gpa);
    this.memory.writeU64(at, 0n);
    this.count(at, -1);
    this.prune(gpa);
  }

  /** Frees the tables that lead to `gpa` and to nothing. */
  prune(gpa: gpa_t): void {
    const path = this.path(gpa);
    for (let depth = path.length - 1; depth > 0; depth--) {
      const table = tableOf(path[depth]);
      if (this.used.get(table) !== 0) return;
      this.memory.writeU64(path[depth - 1], 0n);
      this.count(path[depth - 1], -1);
      this.used.delete(table);
      this.leafTable = null;
      this.pages.freePage(table);
    }
  }

  /** Frees all tables. */
  free(): void {
    for (const table of this.used.keys()) this.pages.freePage(table);
    this.used.clear();
    this.leafTable = null;
  }

  /** Where the entry of `gpa` is, if there are tables that lead to it. */
  private locate(gpa: gpa_t): hpa_t | null {
    const region = gpa >> shifts[LAST - 1];
    if (this.leafTable === null || this.leafRegion !== region) {
      const path = this.path(gpa);
      if (path.length <= LAST) return null;
      this.leafTable = tableOf(path[LAST]);
      this.leafRegion = region;
    }
    return entryAddress(this.leafTable, gpa, LAST);
  }

  /** Addresses of the entries that translate `gpa`, as far as there are tables. */
  private path(gpa: gpa_t): hpa_t[] {
    const path: hpa_t[] = [];
    let table = this.root;
    for (let depth = 0; depth <= LAST; depth++) {
      const at = entryAddress(table, gpa, depth);
      path.push(at);
      const entry = this.memory.readU64(at);
      if ((entry & PRESENT) === 0n) break;
      table = __hpa(entry & ADDRESS);
    }
    return path;
  }

  /** Makes the tables below the entry at `at`, that of `gpa` at `depth`; links the first only when all exist. */
  private grow(at: hpa_t, gpa: gpa_t, depth: number): hpa_t {
    const made: hpa_t[] = [];
    try {
      while (made.length < LAST - depth) made.push(this.pages.allocPage());
    } catch (error) {
      for (const page of made) this.pages.freePage(page);
      throw error;
    }
    let entry = at;
    made.forEach((table, index) => {
      this.used.set(table, 0);
      this.memory.writeU64(entry, table | TABLE);
      this.count(entry, 1);
      entry = entryAddress(table, gpa, depth + index + 1);
    });
    return entry;
  }

  /** Adds to the number of entries in use in the table of an entry. @returns that number */
  private count(at: hpa_t, change: number): number {
    const table = tableOf(at);
    const before = this.used.get(table);
    if (before === undefined) {
      throw new KernelError("EINVAL", `host-physical 0x${at.toString(16)} is in no table of this EPT`);
    }
    this.used.set(table, before + change);
    return before + change;
  }
}

function entryAddress(table: hpa_t, gpa: gpa_t, depth: number): hpa_t {
  return __hpa(table + ((gpa >> shifts[depth]) & 0x1ffn) * 8n);
}

function tableOf(at: hpa_t): hpa_t {
  return __hpa((at >> BigInt(PAGE_SHIFT)) * BigInt(PAGE_SIZE));
}
