import { Computer } from "lcd-arch-x86/machine";

/** Boots a Multiboot kernel, and gives how it ends. `onSerial` gets what it prints, byte by byte. */
export function runKernel(kernel, onSerial) {
  const computer = new Computer({ memory: 128 * 1024 * 1024, cpus: 4, onSerial });
  computer.boot(kernel, { commandLine: "kernel.elf one two=2" });
  return computer.run();
}
