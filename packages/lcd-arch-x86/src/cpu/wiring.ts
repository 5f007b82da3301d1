import type { AccessSize } from "../devices/bus";

/** What a processor's pins are wired to in a computer with devices. */
export interface Wiring {
  /** The I/O address space. Values are unsigned. */
  readPort(port: number, size: AccessSize): number;
  writePort(port: number, size: AccessSize, value: number): void;
  /** Physical addresses outside RAM: `length` bytes from or to `bytes[at]` and on. */
  readMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void;
  writeMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void;
}
