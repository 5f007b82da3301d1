import { __gva, type gva_t, hpa_add, type hpa_t, KernelError, PAGE_SIZE } from "lcd-arch-x86";
import { BUFFERS_BASE, BUFFERS_END } from "../lcd/layout";
import type { Lcd } from "../lcd/lcd";

/** Memory of a domain that the host filled and reads back: what a pointer argument points to. */
export class DomainBuffer {
  /** Where the domain sees it. */
  readonly address: gva_t;
  /** Bytes. */
  readonly length: number;
  private readonly lcd: Lcd;
  private readonly pages: readonly hpa_t[];

  constructor(lcd: Lcd, address: gva_t, length: number, pages: readonly hpa_t[]) {
    this.lcd = lcd;
    this.address = address;
    this.length = length;
    this.pages = pages;
  }

  /** A copy of what is in it now. @throws KernelError EINVAL outside of it; EBADF when the domain is dead */
  read(offset = 0, length = this.length - offset): Uint8Array {
    const bytes = new Uint8Array(this.checked(offset, length));
    this.eachPage(offset, length, (hpa, at, count) => bytes.set(this.lcd.host.memory.read(hpa, count), at));
    return bytes;
  }

  /** Writes into it. @throws KernelError EINVAL outside of it; EBADF when the domain is dead */
  write(bytes: Uint8Array, offset = 0): void {
    this.checked(offset, bytes.length);
    this.eachPage(offset, bytes.length, (hpa, at, count) => {
      this.lcd.host.memory.write(hpa, bytes.subarray(at, at + count));
    });
  }

  private checked(offset: number, length: number): number {
    if (this.lcd.status === "dead")
      throw new KernelError("EBADF", `domain ${this.lcd.name} is dead: its memory is gone`);
    if (
      !Number.isInteger(offset) ||
      !Number.isInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > this.length
    ) {
      throw new KernelError("EINVAL", `${length} bytes at ${offset} of a buffer of ${this.length} bytes`);
    }
    return length;
  }

  private eachPage(offset: number, length: number, visit: (hpa: hpa_t, at: number, count: number) => void): void {
    for (let done = 0; done < length; ) {
      const inPage = (offset + done) % PAGE_SIZE;
      const count = Math.min(length - done, PAGE_SIZE - inPage);
      visit(hpa_add(this.pages[Math.floor((offset + done) / PAGE_SIZE)], inPage), done, count);
      done += count;
    }
  }
}

/** Gives out a domain's buffers. Their page tables were made with the domain; here only EPT entries are added. */
export class BufferArena {
  private readonly lcd: Lcd;
  private next = BUFFERS_BASE;

  constructor(lcd: Lcd) {
    this.lcd = lcd;
  }

  /**
   * A zeroed buffer with an unmapped page behind it, so that what runs over its last page faults.
   *
   * @param length bytes, at least 1
   * @throws KernelError EINVAL, ENOMEM
   */
  allocate(length: number): DomainBuffer {
    if (!Number.isInteger(length) || length < 1) throw new KernelError("EINVAL", `a buffer of ${length} bytes`);
    const count = Math.ceil(length / PAGE_SIZE);
    const start = this.next;
    if (start + (count + 1) * PAGE_SIZE > BUFFERS_END) {
      throw new KernelError(
        "ENOMEM",
        `a buffer of ${length} bytes: the 1 GiB for buffers in domain ${this.lcd.name} is used up`,
      );
    }
    this.next = start + (count + 1) * PAGE_SIZE;
    const rights = { read: true, write: true, execute: false };
    const pages = Array.from({ length: count }, (_, i) => this.lcd.space.mapNew(start + i * PAGE_SIZE, null, rights));
    return new DomainBuffer(this.lcd, __gva(start), length, pages);
  }
}
