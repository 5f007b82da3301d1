import {
  __gva,
  KernelError,
  type LcdArchSystem,
  lcd_arch_exit,
  lcd_arch_init,
  type PhysicalMemory,
} from "lcd-arch-x86";
import { cpuid, type Machine } from "lcd-arch-x86/machine";
import { BootPageTables } from "../lcd/boot-page-tables";
import { BOOT_BASE } from "../lcd/layout";
import type { Lcd } from "../lcd/lcd";
import { hasLinuxFeature } from "../module";
import { LCD_DEVICE } from "../uapi";
import { type DeleteModuleFlags, deleteModule } from "./delete-module";
import { DeviceTable } from "./devices";
import { type YieldToEventLoop, yieldToEventLoop } from "./event-loop";
import { kernelFiles } from "./kernel-files";
import { KthreadTable } from "./kthread";
import { lcdDriver } from "./lcd-device";
import { LockRank, Mutex } from "./lock";
import { ModuleTable } from "./module-table";
import { PageAllocator } from "./page-allocator";
import { KernelLog } from "./printk";
import { procModules } from "./proc-modules";
import { SeededRandom } from "./random";
import { Scheduler } from "./scheduler";
import { type UsermodeHelper, UsermodeHelpers } from "./usermode-helper";

/** How to boot a host kernel. */
export interface BootOptions {
  /** The machine that it gets for itself: all its memory and processors. */
  readonly machine: Machine;
  /** `lcd-runtime.ko` of liblcd: what a kernel exports to modules, and a domain's first instruction. */
  readonly runtime: Uint8Array;
  /** Instructions in a time slice; 1,000,000 when absent. */
  readonly timeSlice?: number;
  /** Makes chance repeatable: which processor goes next, stack canaries. Processors take turns when absent. */
  readonly seed?: number;
  /** Lets other JavaScript run; the cheapest way that the JavaScript host offers, when absent. */
  readonly yieldToEventLoop?: YieldToEventLoop;
  /** Lines that the log keeps; 4096 when absent. */
  readonly logLines?: number;
}

/** What exists now, for a check that nothing was left behind. */
export interface Accounting {
  readonly freePages: number;
  /** Pages in use, by the name of who owns them. */
  readonly pages: ReadonlyMap<string, number>;
  /** Domains, each with a VMCS. */
  readonly domains: number;
  /** Names of the modules that are loaded. */
  readonly modules: readonly string[];
  /** Symbols that a module could link to. */
  readonly symbols: number;
  /** Threads of domains that run or could run. */
  readonly runnable: number;
  readonly kthreads: number;
}

/** A kernel on a machine: what a microkernel module finds when it is loaded. Made by {@link boot}. */
export class HostKernel {
  readonly machine: Machine;
  readonly memory: PhysicalMemory;
  readonly pages: PageAllocator;
  readonly log: KernelLog;
  readonly scheduler: Scheduler;
  readonly devices = new DeviceTable();
  readonly helpers = new UsermodeHelpers();
  readonly kthreads = new KthreadTable();
  readonly modules: ModuleTable;
  /** Held while a module is asked for and counted. */
  readonly modulesLock = new Mutex("modules", LockRank.modules);
  readonly arch: LcdArchSystem;
  readonly lcds = new Set<Lcd>();
  readonly random: SeededRandom;
  /** Bits of a physical address: above them, page-table entries have reserved bits (SDM 2A, CPUID leaf 80000008H). */
  readonly physicalAddressBits: number;
  /** Page tables with what every domain has. */
  readonly commonTables = BootPageTables.common();

  constructor(options: BootOptions) {
    const { machine } = options;
    this.machine = machine;
    this.memory = machine.memory;
    this.physicalAddressBits = cpuid(0x8000_0008, 0).eax & 0xff;
    this.log = new KernelLog(() => machineTime(machine), options.logLines);
    this.random = new SeededRandom(options.seed ?? 0);
    this.scheduler = new Scheduler({
      processors: machine.processors,
      yieldToEventLoop: options.yieldToEventLoop ?? yieldToEventLoop(),
      timeSlice: options.timeSlice,
      seed: options.seed,
    });
    this.pages = new PageAllocator(machine.memory);
    const archOwner = this.pages.owner("lcd-arch");
    this.arch = lcd_arch_init(machine, {
      allocPage: () => this.pages.alloc(archOwner),
      freePage: (hpa) => this.pages.release(archOwner, hpa),
    });
    this.modules = new ModuleTable({
      pages: this.pages,
      log: this.log,
      hasFeature: (feature) => hasLinuxFeature(feature, cpuid),
      perCpuBase: __gva(BOOT_BASE),
    });
    this.devices.register(LCD_DEVICE, lcdDriver(this.modules));
    try {
      this.modules.loadRuntime(options.runtime);
    } catch (error) {
      lcd_arch_exit(this.arch);
      throw error;
    }
    this.printk(
      "info",
      `lcd: VMX is on on ${machine.processors.length} processors, ${this.pages.total} pages of memory`,
    );
  }

  /** Writes to the host's log. */
  printk(...record: Parameters<KernelLog["printk"]>): void {
    this.log.printk(...record);
  }

  /** The log as `dmesg` prints it. */
  dmesg(...least: Parameters<KernelLog["dmesg"]>): string {
    return this.log.dmesg(...least);
  }

  /** The text of `/proc/modules`. */
  procModules(): string {
    return procModules(this.modules.list());
  }

  /** The files in which the kernel shows its modules, as they are now: path, below `/proc` and `/sys`, to text. */
  kernelFiles(): Record<string, string> {
    return kernelFiles(this.modules.list());
  }

  /** Takes a module out, as the delete_module system call does. @throws KernelError ENOENT, EAGAIN, EBUSY, EINTR */
  deleteModule(name: string, flags?: DeleteModuleFlags): Promise<void> {
    return deleteModule(this, name, flags);
  }

  /** Installs a program that the host can start, such as `/sbin/lcd-modprobe`. */
  registerUsermodeHelper(path: string, helper: UsermodeHelper): void {
    this.helpers.register(path, helper);
  }

  /** What exists now. */
  accounting(): Accounting {
    return {
      freePages: this.pages.freePages,
      pages: this.pages.usage(),
      domains: this.lcds.size,
      modules: this.modules.list().map((module) => module.loaded.name),
      symbols: this.modules.symbolCount,
      runnable: this.scheduler.runnable,
      kthreads: this.kthreads.count,
    };
  }

  /**
   * Turns VMX off and takes back everything.
   *
   * @throws KernelError EBUSY while domains or modules exist
   */
  shutdown(): void {
    if (this.lcds.size > 0) throw new KernelError("EBUSY", `${this.lcds.size} domains still exist: destroy them first`);
    this.modules.unloadRuntime();
    lcd_arch_exit(this.arch);
  }
}

/** Boots a host kernel on a machine. @throws KernelError when VMX cannot be used or the runtime cannot be loaded */
export function boot(options: BootOptions): HostKernel {
  return new HostKernel(options);
}

/** Instructions per second of machine time: the processors' nominal speed. */
const CLOCK_RATE = 1e9;

/** Seconds since the machine started: its clock counts the instructions that the processors have retired. */
function machineTime(machine: Machine): number {
  return machine.processors.reduce((sum, processor) => sum + processor.retired, 0) / CLOCK_RATE;
}
