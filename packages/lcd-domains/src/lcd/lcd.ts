import { KernelError, type LcdArch, lcd_arch_create, lcd_arch_destroy } from "lcd-arch-x86";
import { Cspace } from "../capability/cspace";
import type { PageCapability } from "../capability/object";
import { ALL_MEMORY_RIGHTS } from "../capability/rights";
import type { HostKernel } from "../host/host-kernel";
import type { HostModule } from "../host/module-table";
import { LcdThread } from "../thread/lcd-thread";
import { type BootSpace, makeBootSpace } from "./address-space";
import { Console, type ConsoleOutput } from "./console";
import { GuestPhysicalSpace } from "./guest-physical";
import { type LcdOperation, type LcdStatus, nextStatus } from "./status";

/** A lightweight capability domain: guest-physical space, cspace, threads, status. Made by `lcd_create`. */
export class Lcd {
  readonly host: HostKernel;
  readonly name: string;
  readonly module: HostModule;
  readonly arch: LcdArch;
  readonly cspace = new Cspace<PageCapability>();
  readonly space: GuestPhysicalSpace;
  readonly console: Console;
  /** Runs the module's init code when it is started. */
  readonly init_thread: LcdThread;
  readonly boot: BootSpace;
  private state: LcdStatus = "embryo";

  /**
   * @param module counted in already; `lcd_destroy` counts it out
   * @throws KernelError ENOMEM; then everything is undone, but for the count
   */
  constructor(host: HostKernel, module: HostModule, output: ConsoleOutput) {
    this.host = host;
    this.name = module.loaded.name;
    this.module = module;
    this.console = new Console(output);
    this.arch = lcd_arch_create(host.arch);
    this.space = new GuestPhysicalSpace(this.arch, host.pages, host.pages.owner(`lcd ${this.name}`));
    try {
      this.boot = makeBootSpace(host, this.space, domainModules(host, module));
    } catch (error) {
      this.takeBackMemory();
      throw error;
    }
    this.init_thread = new LcdThread(this, `${this.name}/init`, host.scheduler.leastLoaded());
    host.lcds.add(this);
  }

  /** Where it is in its life (seed 004, LCD STATUS). */
  get status(): LcdStatus {
    return this.state;
  }

  /** Checks that `operation` may be done now, does it, and moves on. @throws KernelError EINVAL; then nothing is done */
  transition(operation: LcdOperation, act: () => void): void {
    const next = nextStatus(this.name, this.state, operation);
    act();
    this.state = next;
  }

  /**
   * Asks for 2^order zeroed pages; the capability is the caller's to store.
   *
   * @throws KernelError ENOMEM, EINVAL
   */
  allocatePages(order: number): PageCapability {
    const hpa = this.host.pages.alloc(this.space.owner, order);
    return { object: { type: "page", hpa, order, mapped: null }, rights: ALL_MEMORY_RIGHTS };
  }

  /** Takes everything back. Told by `lcd_destroy` only. */
  tearDown(): void {
    this.console.flush();
    this.takeBackMemory();
    this.host.lcds.delete(this);
    this.host.modules.put(this.module);
  }

  private takeBackMemory(): void {
    // The address space goes first, so that no page is reachable any more when it is freed.
    lcd_arch_destroy(this.arch);
    for (const { object } of this.cspace.removeAll()) this.host.pages.release(this.space.owner, object.hpa);
    this.space.releaseAll();
    if (this.space.owner.pages > 0) {
      throw new KernelError("EBUSY", `${this.space.owner.pages} pages of ${this.name} were left behind`);
    }
  }
}

/** The modules that a domain has: its own, what that uses, and the runtime. */
function domainModules(host: HostKernel, module: HostModule): HostModule[] {
  const modules = new Set([module]);
  for (const found of modules) for (const used of found.uses) modules.add(used);
  modules.add(host.modules.runtime);
  return [...modules];
}
