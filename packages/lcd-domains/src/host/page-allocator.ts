import { __hpa, type hpa_t, KernelError, PAGE_SHIFT, PAGE_SIZE, type PhysicalMemory } from "lcd-arch-x86";
import { PageBitmap } from "./page-bitmap";

/** The largest block is 2^10 pages: 4 MiB, as in Linux. */
export const MAX_PAGE_ORDER = 10;

/** Who pages are counted for: a domain, a module, the host itself. Made by {@link PageAllocator.owner}. */
export class PageOwner {
  readonly name: string;
  private held = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Pages that it owns now. */
  get pages(): number {
    return this.held;
  }

  /** Told by the allocator only. */
  charge(pages: number): void {
    this.held += pages;
  }
}

/**
 * The host's page allocator: a buddy system over the machine's RAM.
 *
 * It always gives the lowest block of the smallest order that fits, so what it gives depends only on which pages are
 * free, not on how they became free. Every page has an owner, who can be asked how many it holds.
 */
export class PageAllocator {
  private readonly memory: PhysicalMemory;
  private readonly free: PageBitmap[] = [];
  private readonly owners: (PageOwner | undefined)[];
  private readonly live = new Set<PageOwner>();
  /** Order of the allocated block that begins at a page. */
  private readonly orders: Uint8Array;
  /** Pages that were given before, and may hold something. RAM that was never given is zero. */
  private readonly used: Uint8Array;
  private freeCount = 0;

  /** Pages that it manages: all of RAM but page 0, so that host-physical 0 is never given. */
  readonly total: number;

  /** @param memory RAM that nobody else uses, and nobody has written to */
  constructor(memory: PhysicalMemory) {
    this.memory = memory;
    const end = Math.floor(memory.size / PAGE_SIZE);
    this.total = Math.max(0, end - 1);
    this.owners = new Array<PageOwner | undefined>(end).fill(undefined);
    this.orders = new Uint8Array(end);
    this.used = new Uint8Array(end);
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) this.free.push(new PageBitmap((end >>> order) + 1));
    for (let page = 1; page < end; ) {
      let order = Math.min(MAX_PAGE_ORDER, 31 - Math.clz32(page & -page));
      while (page + (1 << order) > end) order--;
      this.putFree(page, order);
      page += 1 << order;
    }
  }

  /** Pages that are free now. */
  get freePages(): number {
    return this.freeCount;
  }

  /** A new owner; it is listed in {@link usage} while it holds pages. */
  owner(name: string): PageOwner {
    return new PageOwner(name);
  }

  /** Pages by owner, owners of the same name added up. */
  usage(): Map<string, number> {
    const usage = new Map<string, number>();
    for (const owner of this.live) usage.set(owner.name, (usage.get(owner.name) ?? 0) + owner.pages);
    return usage;
  }

  /**
   * Gives 2^order pages in a row, all zero.
   *
   * @param order 0 to {@link MAX_PAGE_ORDER}
   * @throws KernelError ENOMEM; EINVAL when there is no such order
   */
  alloc(owner: PageOwner, order = 0): hpa_t {
    const page = this.take(owner, order);
    const count = 1 << order;
    for (let i = page; i < page + count; i++) {
      if (this.used[i] === 1) this.memory.fill(address(i), PAGE_SIZE, 0);
      this.used[i] = 1;
    }
    return address(page);
  }

  /**
   * Gives one page with these contents.
   *
   * A page that still holds exactly them is not written: code that is loaded again where it was keeps its
   * translations.
   *
   * @param contents 4096 bytes
   * @throws KernelError ENOMEM
   */
  allocWith(owner: PageOwner, contents: Uint8Array): hpa_t {
    const page = this.take(owner, 0);
    const hpa = address(page);
    if (this.used[page] === 0 || !sameBytes(this.memory.read(hpa, PAGE_SIZE), contents))
      this.memory.write(hpa, contents);
    this.used[page] = 1;
    return hpa;
  }

  /**
   * Takes back a block, given as it was allocated.
   *
   * @throws KernelError EINVAL when `hpa` does not begin a block of this owner
   */
  release(owner: PageOwner, hpa: hpa_t): void {
    const page = Number(hpa >> BigInt(PAGE_SHIFT));
    if (Number(hpa) % PAGE_SIZE !== 0 || this.owners[page] !== owner || this.orders[page] === INSIDE_BLOCK) {
      throw new KernelError("EINVAL", `free of page 0x${hpa.toString(16)}: it begins no block that ${owner.name} owns`);
    }
    const order = this.orders[page];
    const count = 1 << order;
    for (let i = page; i < page + count; i++) this.owners[i] = undefined;
    owner.charge(-count);
    if (owner.pages === 0) this.live.delete(owner);
    this.merge(page, order);
  }

  /** Takes a block off the free lists, splitting a larger one when there is no other. */
  private take(owner: PageOwner, order: number): number {
    if (!Number.isInteger(order) || order < 0 || order > MAX_PAGE_ORDER) {
      throw new KernelError("EINVAL", `allocation of order ${order}: orders are 0 to ${MAX_PAGE_ORDER}`);
    }
    let from = order;
    while (from <= MAX_PAGE_ORDER && this.free[from].size === 0) from++;
    if (from > MAX_PAGE_ORDER) {
      throw new KernelError(
        "ENOMEM",
        `out of memory: ${1 << order} pages in a row for ${owner.name}, ${this.freeCount} of ${this.total} pages are free`,
      );
    }
    const page = this.free[from].lowest() << from;
    this.takeFree(page, from);
    while (from > order) {
      from--;
      this.putFree(page + (1 << from), from);
    }
    const count = 1 << order;
    for (let i = page; i < page + count; i++) {
      this.owners[i] = owner;
      this.orders[i] = INSIDE_BLOCK;
    }
    this.orders[page] = order;
    if (owner.pages === 0) this.live.add(owner);
    owner.charge(count);
    return page;
  }

  /** Puts a block on the free lists, joined with its buddy as often as that is free. */
  private merge(page: number, order: number): void {
    let start = page;
    let size = order;
    while (size < MAX_PAGE_ORDER) {
      const buddy = start ^ (1 << size);
      if (!this.free[size].has(buddy >>> size)) break;
      this.takeFree(buddy, size);
      start = Math.min(start, buddy);
      size++;
    }
    this.putFree(start, size);
  }

  private putFree(page: number, order: number): void {
    this.free[order].add(page >>> order);
    this.freeCount += 1 << order;
  }

  private takeFree(page: number, order: number): void {
    this.free[order].delete(page >>> order);
    this.freeCount -= 1 << order;
  }
}

/** In `orders`: the page is allocated, but begins no block. */
const INSIDE_BLOCK = 0xff;

function address(page: number): hpa_t {
  return __hpa(BigInt(page) << BigInt(PAGE_SHIFT));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
