import type { hpa_t } from "../address";
import { KernelError } from "../errno";

/**
 * The machine's RAM, host-physical 0 to `size` - 1, as kernel code reaches it: through a map of all of it.
 * A write drops the translations of code that it overwrites.
 */
export class PhysicalMemory {
  /** Bytes of RAM. */
  readonly size: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly written: (hpa: number, length: number) => void;

  /**
   * @param buffer linear memory that holds the RAM
   * @param base linear-memory address of RAM byte 0
   * @param size bytes, a multiple of 4096
   * @param written told after each write, so that translations of overwritten code are dropped
   */
  constructor(buffer: ArrayBufferLike, base: number, size: number, written: (hpa: number, length: number) => void) {
    this.size = size;
    this.bytes = new Uint8Array(buffer, base, size);
    this.view = new DataView(buffer, base, size);
    this.written = written;
  }

  /** A copy of `length` bytes at `hpa`. @throws KernelError EFAULT when not all of it is RAM */
  read(hpa: hpa_t, length: number): Uint8Array {
    const at = this.range(hpa, length);
    return this.bytes.slice(at, at + length);
  }

  /** Writes `data` at `hpa`. @throws KernelError EFAULT when not all of it is RAM; then nothing is written */
  write(hpa: hpa_t, data: Uint8Array): void {
    const at = this.range(hpa, data.length);
    this.bytes.set(data, at);
    this.written(at, data.length);
  }

  /** Sets `length` bytes at `hpa` to `byte`. @throws KernelError EFAULT */
  fill(hpa: hpa_t, length: number, byte: number): void {
    const at = this.range(hpa, length);
    this.bytes.fill(byte, at, at + length);
    this.written(at, length);
  }

  /** Copies `length` bytes inside RAM; the ranges may overlap. @throws KernelError EFAULT */
  copy(destination: hpa_t, source: hpa_t, length: number): void {
    const to = this.range(destination, length);
    const from = this.range(source, length);
    this.bytes.copyWithin(to, from, from + length);
    this.written(to, length);
  }

  /** Little-endian loads and stores. @throws KernelError EFAULT */
  readU8(hpa: hpa_t): number {
    return this.view.getUint8(this.range(hpa, 1));
  }

  readU32(hpa: hpa_t): number {
    return this.view.getUint32(this.range(hpa, 4), true);
  }

  readU64(hpa: hpa_t): bigint {
    return this.view.getBigUint64(this.range(hpa, 8), true);
  }

  writeU8(hpa: hpa_t, value: number): void {
    const at = this.range(hpa, 1);
    this.view.setUint8(at, value);
    this.written(at, 1);
  }

  writeU32(hpa: hpa_t, value: number): void {
    const at = this.range(hpa, 4);
    this.view.setUint32(at, value, true);
    this.written(at, 4);
  }

  writeU64(hpa: hpa_t, value: bigint): void {
    const at = this.range(hpa, 8);
    this.view.setBigUint64(at, value, true);
    this.written(at, 8);
  }

  private range(hpa: hpa_t, length: number): number {
    const at = Number(hpa);
    if (at + length > this.size || length < 0) {
      throw new KernelError(
        "EFAULT",
        `physical memory 0x${hpa.toString(16)} to 0x${(hpa + BigInt(length)).toString(16)}: RAM ends at 0x${this.size.toString(16)}`,
      );
    }
    return at;
  }
}
