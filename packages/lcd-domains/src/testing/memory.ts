import { PhysicalMemory } from "lcd-arch-x86";

/** RAM without a machine around it, for tests of what only needs memory. */
export function testMemory(size: number, written: (hpa: number, length: number) => void = () => {}): PhysicalMemory {
  return new PhysicalMemory(new ArrayBuffer(size), 0, size, written);
}
