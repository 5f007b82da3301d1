import { __hpa, Gpr, Machine } from "lcd-arch-x86/machine";

/** Adds the numbers from 1 to `count`, in machine code. */
export function sumTo(count: number): bigint {
  const machine = new Machine({ memory: 1024 * 1024 });
  const { memory } = machine;
  const [cpu] = machine.processors;

  // Page tables: one entry leads to one entry that maps the first GiB to itself. Present, writable, large page.
  memory.writeU64(__hpa(0x1000), 0x2003n);
  memory.writeU64(__hpa(0x2000), 0x83n);
  cpu.writeControlRegister(3, 0x1000n);

  // xor eax, eax; next: add rax, rcx; dec rcx; jnz next; hlt
  memory.write(__hpa(0x8000), Uint8Array.of(0x31, 0xc0, 0x48, 0x01, 0xc8, 0x48, 0xff, 0xc9, 0x75, 0xf8, 0xf4));
  cpu.rip = 0x8000n;
  cpu.gpr[Gpr.rcx] = BigInt(count);

  const stop = cpu.run(1_000_000_000);
  if (stop.kind !== "halted") throw new Error(`stopped at 0x${cpu.rip.toString(16)}: ${stop.kind}`);
  return cpu.gpr[Gpr.rax];
}
