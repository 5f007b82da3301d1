import { KernelError } from "lcd-arch-x86";
import { BOOT_BASE, BUFFERS_BASE, STACK_TOP, TABLES_BASE, TABLES_END } from "./layout";

/** Bits of a page-table entry (SDM 3A, "4-Level Paging"). */
export const PageEntry = { present: 0x1, writable: 0x2, large: 0x80 } as const;
/** Bit 63, "execute disable", in the high half of an entry. */
const EXECUTE_DISABLE_HIGH = 0x8000_0000;

/** What a mapping allows; reading always is. */
export interface GuestAccess {
  readonly write: boolean;
  readonly execute: boolean;
}

const LARGE_PAGE = 0x20_0000;
const TABLE_BYTES = 4096;

/**
 * A domain's page tables while its creator makes them: arrays here, written to the domain's memory once.
 * After that they are the domain's, and the host neither reads nor trusts them.
 */
export class BootPageTables {
  /** Tables in the order of their guest-physical pages, from TABLES_BASE on; the first is the top one. */
  private readonly tables: Uint32Array[];

  private constructor(tables: Uint32Array[]) {
    this.tables = tables;
  }

  /**
   * Tables that map what every domain has: the table area, the boot pages, the stack, and the window where the host
   * puts buffers, all guest-virtual equal to guest-physical, none executable.
   */
  static common(): BootPageTables {
    const made = new BootPageTables([newTable()]);
    const data = { write: true, execute: false };
    const largeFrom = Math.ceil(TABLES_BASE / LARGE_PAGE) * LARGE_PAGE;
    const largeTo = Math.floor(TABLES_END / LARGE_PAGE) * LARGE_PAGE;
    for (let at = TABLES_BASE; at < largeFrom; at += TABLE_BYTES) made.map(at, at, data);
    for (let at = largeFrom; at < largeTo; at += LARGE_PAGE) made.mapLarge(at, at);
    for (let at = largeTo; at < TABLES_END; at += TABLE_BYTES) made.map(at, at, data);
    for (let at = BOOT_BASE; at < STACK_TOP; at += TABLE_BYTES) made.map(at, at, data);
    for (let i = 0; i < 512; i++) made.mapLarge(BUFFERS_BASE + i * LARGE_PAGE, BUFFERS_BASE + i * LARGE_PAGE);
    return made;
  }

  /** A copy to map more in. */
  clone(): BootPageTables {
    return new BootPageTables(this.tables.map((table) => table.slice()));
  }

  /** How many pages the tables take. */
  get count(): number {
    return this.tables.length;
  }

  /** First guest-physical page after the tables. */
  get end(): number {
    return TABLES_BASE + this.tables.length * TABLE_BYTES;
  }

  /** The bytes of table `index`, for the page at TABLES_BASE + index * 4096. */
  bytes(index: number): Uint8Array {
    const table = this.tables[index];
    return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
  }

  /**
   * Maps one 4 KiB page.
   *
   * @param gva page-aligned; a canonical address, as a number or (above 2^53) a bigint
   * @param gpa page-aligned
   * @throws KernelError EEXIST when `gva` is mapped already; ENOMEM when the table area is full
   */
  map(gva: number | bigint, gpa: number, access: GuestAccess): void {
    const indices = tableIndices(BigInt(gva));
    let table = this.tables[0];
    for (const index of indices.slice(0, 3)) table = this.next(table, index);
    const flags = PageEntry.present | (access.write ? PageEntry.writable : 0);
    this.set(table, indices[3], gpa, flags, !access.execute);
  }

  private mapLarge(gva: number, gpa: number): void {
    const indices = tableIndices(BigInt(gva));
    let table = this.tables[0];
    for (const index of indices.slice(0, 2)) table = this.next(table, index);
    this.set(table, indices[2], gpa, PageEntry.present | PageEntry.writable | PageEntry.large, true);
  }

  private next(table: Uint32Array, index: number): Uint32Array {
    const low = table[index * 2];
    if ((low & PageEntry.present) === 0) {
      if (this.end >= TABLES_END) throw new KernelError("ENOMEM", "the module needs more page tables than 4 MiB hold");
      const gpa = this.end;
      const made = newTable();
      this.tables.push(made);
      this.set(table, index, gpa, PageEntry.present | PageEntry.writable, false);
      return made;
    }
    return this.tables[((low & ~0xfff) - TABLES_BASE) / TABLE_BYTES];
  }

  private set(table: Uint32Array, index: number, gpa: number, flags: number, noExecute: boolean): void {
    if ((table[index * 2] & PageEntry.present) !== 0) {
      throw new KernelError("EEXIST", `guest-physical page 0x${gpa.toString(16)} would share an address with another`);
    }
    table[index * 2] = (gpa % 0x1_0000_0000) | flags;
    table[index * 2 + 1] = Math.floor(gpa / 0x1_0000_0000) | (noExecute ? EXECUTE_DISABLE_HIGH : 0);
  }
}

function newTable(): Uint32Array {
  return new Uint32Array(TABLE_BYTES / 4);
}

/** Indices to the four levels of tables, top first. */
function tableIndices(gva: bigint): [number, number, number, number] {
  const low = Number(gva & 0xffff_ffffn);
  const high = Number((gva >> 32n) & 0xffffn);
  return [high >>> 7, ((high & 0x7f) << 2) | (low >>> 30), (low >>> 21) & 0x1ff, (low >>> 12) & 0x1ff];
}
