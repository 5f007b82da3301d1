import { __hpa } from "../address";
import { Machine, type MachineOptions, type Processor, type RunStop } from "../machine/index";

const MIB = 1024 * 1024;

/** Where the test's page tables lie: a PML4, a PDPT, and a page directory that maps the first GiB to itself. */
const TABLES = 0x1000n;
const ENTRY_FLAGS = 0x3n; // present, writable
const LARGE = 0x80n;

/** Where test code is put and starts. */
export const CODE = 0x10_0000n;
/** Where its stack ends, and a run of writable pages begins. */
export const STACK_TOP = 0x20_0000n;
export const DATA = 0x30_0000n;

/** A machine whose first processor runs bytes in 64-bit mode, linear addresses equal to physical ones. */
export class BareMachine {
  readonly machine: Machine;
  readonly cpu: Processor;

  constructor(options: Partial<MachineOptions> = {}) {
    this.machine = new Machine({ memory: 4 * MIB, ...options });
    this.cpu = this.machine.processors[0];
    const { memory } = this.machine;
    memory.writeU64(__hpa(TABLES), (TABLES + 0x1000n) | ENTRY_FLAGS);
    memory.writeU64(__hpa(TABLES + 0x1000n), (TABLES + 0x2000n) | ENTRY_FLAGS);
    for (let at = 0n; at < 512n; at++) {
      memory.writeU64(__hpa(TABLES + 0x2000n + at * 8n), (at << 21n) | ENTRY_FLAGS | LARGE);
    }
    this.cpu.writeControlRegister(3, TABLES);
  }

  /** Puts code at CODE, starts there with the stack at STACK_TOP, and runs until something stops it. */
  run(code: readonly number[] | Uint8Array, limit = 1_000_000): RunStop {
    this.load(code);
    return this.cpu.run(limit);
  }

  load(code: readonly number[] | Uint8Array): void {
    this.machine.memory.write(__hpa(CODE), Uint8Array.from(code));
    this.cpu.rip = CODE;
    this.cpu.gpr[4] = STACK_TOP;
  }
}
