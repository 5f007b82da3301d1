import { Computer } from "lcd-arch-x86/machine";

/** Boots a Multiboot kernel, and gives what it prints on its serial port and how it ends. */
export async function runKernel(kernel: Uint8Array): Promise<string> {
  let printed = "";
  const computer = new Computer({
    memory: 64 * 1024 * 1024,
    cpus: 2,
    onSerial: (byte) => {
      printed += String.fromCharCode(byte);
    },
  });
  computer.boot(kernel, { commandLine: "kernel.elf 21" });

  const result = await computer.run({ fuel: 100_000_000 });
  return result.kind === "exit" ? `${printed}exit code ${result.code}` : `${printed}${result.kind}`;
}
