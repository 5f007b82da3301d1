import type { HostKernel } from "lcd-domains";
import type { EmulatedKernel } from "module-init-tools";
import { MIB } from "../command/quantity";

/** RAM and processors of the host. */
const MEMORY = 256 * MIB;
const PROCESSORS = 2;

/** The kernel of a host that is made when the first module is to go into it; until then it has none. */
export class LazyKernel implements EmulatedKernel {
  /** `null` until somebody needs it. */
  booted: HostKernel | null = null;

  readonly devices = { open: async (path: string) => (await this.#boot()).devices.open(path) };

  kernelFiles(): Readonly<Record<string, string>> {
    return this.booted?.kernelFiles() ?? { "/proc/modules": "" };
  }

  async deleteModule(...asked: Parameters<HostKernel["deleteModule"]>): Promise<void> {
    await (await this.#boot()).deleteModule(...asked);
  }

  printk(...record: Parameters<HostKernel["printk"]>): void {
    this.booted?.printk(...record);
  }

  async #boot(): Promise<HostKernel> {
    const { bootHost } = await import("./emulated-host");
    this.booted ??= bootHost({ memory: MEMORY, cpus: PROCESSORS });
    return this.booted;
  }
}
