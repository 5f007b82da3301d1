import { KernelError } from "lcd-arch-x86";

/** Gives out ranges of a span of addresses, the lowest that fits first, each with a page between it and the next. */
export class AddressSpan {
  private readonly start: bigint;
  private readonly size: number;
  /** Ranges in use, by ascending offset. */
  private readonly used: { readonly offset: number; readonly size: number }[] = [];

  /** @param size bytes */
  constructor(start: bigint, size: number) {
    this.start = start;
    this.size = size;
  }

  /** Bytes in use. */
  get usedBytes(): number {
    return this.used.reduce((sum, range) => sum + range.size, 0);
  }

  /**
   * @param size bytes, a multiple of 4096, more than 0
   * @throws KernelError ENOMEM when no gap is large enough; EINVAL
   */
  allocate(size: number): bigint {
    if (!Number.isInteger(size) || size <= 0 || size % GUARD !== 0) {
      throw new KernelError("EINVAL", `${size} bytes of address space: it must be a whole number of pages`);
    }
    let offset = 0;
    let index = 0;
    for (; index < this.used.length; index++) {
      if (this.used[index].offset - offset >= size + GUARD) break;
      offset = this.used[index].offset + this.used[index].size + GUARD;
    }
    if (offset + size > this.size) {
      throw new KernelError("ENOMEM", `module space has no ${size} bytes in a row left`);
    }
    this.used.splice(index, 0, { offset, size });
    return this.start + BigInt(offset);
  }

  /** Takes back a range. @throws KernelError EINVAL when it was not given so */
  release(base: bigint, size: number): void {
    const offset = Number(base - this.start);
    const index = this.used.findIndex((range) => range.offset === offset && range.size === size);
    if (index < 0) throw new KernelError("EINVAL", `0x${base.toString(16)} begins no range of ${size} bytes`);
    this.used.splice(index, 1);
  }
}

/** Bytes that stay unmapped between two ranges: an access past the end of one faults. */
const GUARD = 4096;
