import { type hpa_t, PAGE_SIZE } from "lcd-arch-x86";
import { Machine, type MachineOptions } from "lcd-arch-x86/machine";
import { type BootOptions, boot, type HostKernel } from "../src";
import { installModules, type ModuleSet } from "../src/testing";

/** How a campaign's machine differs from another that must give the same results. */
export interface HostVariant {
  readonly machine?: Partial<MachineOptions>;
  readonly timeSlice?: number;
}

const MEMORY = 4 * 1024 * 1024;
/** Pages that are left for domains. */
const FREE = 220;

/** A host kernel most of whose pages are guards: whoever writes to one was not kept in. */
export class GuardedHost {
  readonly kernel: HostKernel;
  private readonly guards: hpa_t[] = [];

  constructor(modules: ModuleSet, runtime: Uint8Array, variant: HostVariant = {}) {
    const machine = new Machine({ memory: MEMORY, cpus: 2, ...variant.machine });
    const options: BootOptions = { machine, runtime, timeSlice: variant.timeSlice, seed: 1 };
    this.kernel = boot(options);
    installModules(this.kernel, modules);
    this.guard();
  }

  /** Takes pages here and there, so that guards and the pages of domains lie side by side, and fills them. */
  private guard(): void {
    const { pages, memory } = this.kernel;
    const owner = pages.owner("guard");
    const taken: hpa_t[] = [];
    while (pages.freePages > 0) taken.push(pages.alloc(owner));
    const step = Math.floor(taken.length / FREE);
    taken.forEach((hpa, index) => {
      if (index % step === 0) pages.release(owner, hpa);
      else {
        memory.write(hpa, patternOf(hpa));
        this.guards.push(hpa);
      }
    });
  }

  /** Does something after which the host has what it had before, and all its guards. @throws Error when it has not */
  async leavingNothing<T>(act: () => Promise<T>): Promise<T> {
    const before = accountingText(this.kernel);
    const result = await act();
    this.checkGuards();
    const after = accountingText(this.kernel);
    if (after !== before) throw new Error(`left behind: ${after}, before: ${before}`);
    return result;
  }

  /** @throws Error when a guard page has changed */
  checkGuards(): void {
    const { memory } = this.kernel;
    for (const hpa of this.guards) {
      const page = memory.read(hpa, PAGE_SIZE);
      const words = new BigUint64Array(page.buffer, page.byteOffset, PAGE_SIZE / 8);
      for (let i = 0; i < words.length; i++) {
        if (words[i] !== (hpa ^ BigInt(i))) throw new Error(`guard page 0x${hpa.toString(16)} was changed`);
      }
    }
  }
}

function patternOf(hpa: hpa_t): Uint8Array {
  const words = new BigUint64Array(PAGE_SIZE / 8);
  for (let i = 0; i < words.length; i++) words[i] = hpa ^ BigInt(i);
  return new Uint8Array(words.buffer);
}

/** What a host has, as text to compare. */
export function accountingText(kernel: HostKernel): string {
  const { pages, ...rest } = kernel.accounting();
  return JSON.stringify({ ...rest, pages: [...pages].sort() });
}
