import { KernelError } from "../errno";

/** Bytes that a device sees in one access. */
export type AccessSize = 1 | 2 | 4;

/** What answers at I/O ports. Values are unsigned. No call may throw: guests write what they like. */
export interface PortDevice {
  readPort(port: number, size: AccessSize): number;
  writePort(port: number, size: AccessSize, value: number): void;
}

/**
 * What answers at physical addresses. Values are unsigned; an access lies inside the device's range and is aligned
 * to its size. No call may throw.
 */
export interface MmioDevice {
  readMemory(offset: number, size: AccessSize): number;
  writeMemory(offset: number, size: AccessSize, value: number): void;
}

/** A wire to an interrupt input. Setting the level that it already has does nothing. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** A wire that goes to several inputs, as an ISA interrupt does to the 8259 and the I/O APIC. */
export const joinedLine = (...lines: InterruptLine[]): InterruptLine => ({
  set: (level) => {
    for (const line of lines) line.set(level);
  },
});

const PORTS = 0x10000;
const ONES = { 1: 0xff, 2: 0xffff, 4: 0xffffffff } as const;

interface PortClaim {
  readonly device: PortDevice;
  readonly width: AccessSize;
}

/** The I/O address space. Where no device answers, reads give ones and writes are lost. */
export class PortBus implements PortDevice {
  /** For each port, and some behind the last that no access claims: 1 + the index of its claim, or 0. */
  private readonly owner = new Uint16Array(PORTS + 4);
  private readonly claims: PortClaim[] = [];

  /**
   * @param width the widest access that the device understands; wider ones reach it in parts, low part first, as they
   *   do on the ISA bus
   * @throws KernelError EINVAL for ports out of range, EBUSY when one of them is taken
   */
  register(first: number, count: number, device: PortDevice, width: AccessSize = 1): void {
    if (!(first >= 0 && count > 0 && first + count <= PORTS)) {
      throw new KernelError("EINVAL", `there are no ${count} ports from 0x${first.toString(16)} on`);
    }
    const taken = this.owner.subarray(first, first + count).findIndex((owner) => owner !== 0);
    if (taken >= 0) {
      throw new KernelError("EBUSY", `port 0x${(first + taken).toString(16)} has a device already`);
    }
    this.claims.push({ device, width });
    this.owner.fill(this.claims.length, first, first + count);
  }

  readPort(port: number, size: AccessSize): number {
    const owner = this.owner[port];
    if (this.isWhole(owner, port, size)) {
      return owner === 0 ? ONES[size] : this.claims[owner - 1].device.readPort(port, size);
    }
    const half = (size >> 1) as 1 | 2;
    const low = this.readPort(port, half);
    return (low | (this.readPort(port + half, half) << (half * 8))) >>> 0;
  }

  writePort(port: number, size: AccessSize, value: number): void {
    const owner = this.owner[port];
    if (this.isWhole(owner, port, size)) {
      if (owner !== 0) this.claims[owner - 1].device.writePort(port, size, (value & ONES[size]) >>> 0);
      return;
    }
    const half = (size >> 1) as 1 | 2;
    this.writePort(port, half, value);
    this.writePort(port + half, half, value >>> (half * 8));
  }

  /** Whether one device, or none, takes an access as it is. */
  private isWhole(owner: number, port: number, size: AccessSize): boolean {
    if (size === 1) return true;
    for (let byte = 1; byte < size; byte++) {
      if (this.owner[port + byte] !== owner) return false;
    }
    return owner === 0 || size <= this.claims[owner - 1].width;
  }
}

/** A range of physical addresses that a device answers. */
export interface MmioRegion {
  readonly base: number;
  readonly length: number;
  readonly device: MmioDevice;
}

/** The physical addresses outside of RAM. Where no device answers, reads give ones and writes are lost. */
export class MmioBus {
  /** In the order of their addresses. */
  private readonly regions: MmioRegion[] = [];

  /**
   * @param base host-physical address, a multiple of 4
   * @param length bytes, a multiple of 4
   * @throws KernelError EINVAL for a range that is not aligned, EBUSY when part of it is taken
   */
  register(base: number, length: number, device: MmioDevice): void {
    if (!(base >= 0 && length > 0 && base % 4 === 0 && length % 4 === 0)) {
      throw new KernelError("EINVAL", `no device can be at 0x${base.toString(16)}, ${length} bytes`);
    }
    const taken = this.regions.find((other) => base < other.base + other.length && other.base < base + length);
    if (taken !== undefined) {
      throw new KernelError("EBUSY", `there is a device at 0x${taken.base.toString(16)} already`);
    }
    this.regions.push({ base, length, device });
    this.regions.sort((a, b) => a.base - b.base);
  }

  /** The region that a host-physical address is in. */
  find(hpa: number): MmioRegion | undefined {
    for (const region of this.regions) {
      if (hpa < region.base) return undefined;
      if (hpa < region.base + region.length) return region;
    }
    return undefined;
  }

  /** Reads `length` bytes at `hpa` to `bytes[at]` and on, in aligned accesses of at most 4 bytes, low addresses first. */
  read(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    for (let done = 0; done < length; ) {
      const size = pieceSize(hpa + done, length - done);
      const region = this.find(hpa + done);
      const value = region === undefined ? 0xffffffff : region.device.readMemory(hpa + done - region.base, size);
      for (let byte = 0; byte < size; byte++) bytes[at + done + byte] = value >>> (byte * 8);
      done += size;
    }
  }

  /** Writes `length` bytes of `bytes`, from `at` on, to `hpa`, in the same accesses as `read`. */
  write(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    for (let done = 0; done < length; ) {
      const size = pieceSize(hpa + done, length - done);
      let value = 0;
      for (let byte = 0; byte < size; byte++) value |= bytes[at + done + byte] << (byte * 8);
      const region = this.find(hpa + done);
      region?.device.writeMemory(hpa + done - region.base, size, value >>> 0);
      done += size;
    }
  }
}

/** The largest access at an address that is aligned and not longer than what is left. */
function pieceSize(address: number, left: number): AccessSize {
  if (address % 4 === 0 && left >= 4) return 4;
  return address % 2 === 0 && left >= 2 ? 2 : 1;
}
