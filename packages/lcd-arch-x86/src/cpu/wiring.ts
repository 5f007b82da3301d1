import type { AccessSize } from "../devices/bus";

/** What a processor's pins are wired to in a computer with devices. */
export interface Wiring {
  /** The I/O address space. Values are unsigned. */
  readPort(port: number, size: AccessSize): number;
  writePort(port: number, size: AccessSize, value: number): void;
  /** Physical addresses outside RAM: `length` bytes from or to `bytes[at]` and on. */
  readMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void;
  writeMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void;
  /** The time, in instructions, at which a device wants to do something: the processor's run ends there. */
  nextDeadline(): number;
  /** Whether a non-maskable interrupt has arrived, and not been taken. */
  nmiPending(): boolean;
  takeNmi(): void;
  /** Whether an interrupt has arrived that the task priority does not hold back. */
  interruptPending(): boolean;
  /** Interrupt acknowledge: gives the vector, and begins to serve the interrupt. */
  acknowledgeInterrupt(): number;
}
