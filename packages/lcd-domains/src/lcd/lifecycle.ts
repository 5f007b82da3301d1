import {
  __gpa,
  __gva,
  type gpa_t,
  type gva_t,
  KernelError,
  lcd_arch_set_gs_base,
  lcd_arch_set_gva_root,
} from "lcd-arch-x86";
import type { HostKernel } from "../host/host-kernel";
import { LockHolder } from "../host/lock";
import { getModule } from "../host/request-module";
import type { ConsoleOutput } from "./console";
import { BOOT_BASE, FIRST_FRAME, TABLES_BASE } from "./layout";
import { Lcd } from "./lcd";

/** What may be said about a domain when it is made. */
export interface LcdOptions {
  /** Gets what the domain prints; nobody does when absent. */
  readonly console?: ConsoleOutput;
  /** Module parameters, `count=3`; they count only when this loads the module. */
  readonly parameters?: readonly string[];
}

/** How a domain starts; what is absent is as docs/microkernel.md says. */
export interface LcdConfig {
  /** First instruction of the init thread; the runtime's `__lcd_start` when absent. */
  readonly pc?: gva_t;
  /** Stack pointer; near the top of the boot stack when absent. */
  readonly sp?: gva_t;
  /** Guest-physical address of the top page table; that of the boot address space when absent. */
  readonly gva_root?: gpa_t;
  /** The function that `__lcd_start` calls; the module's init function when absent. */
  readonly function?: gva_t;
  /** Up to six integer arguments for it, under the C ABI. */
  readonly arguments?: readonly bigint[];
}

/**
 * Makes a domain from a module: asks the host for the module by its name, gives the domain an address space with it,
 * and makes its init thread. The domain is an embryo.
 *
 * @param name `foo`, or `foo.ko`
 * @throws KernelError ENOENT, ENOEXEC ... when the module cannot be loaded; ENOMEM. Then nothing is left behind.
 * @see seed 000, EXAMPLE; seed 004, LCD STATUS
 */
export async function lcd_create(host: HostKernel, name: string, options: LcdOptions = {}): Promise<Lcd> {
  const holder = new LockHolder(`lcd_create ${name}`);
  const module = await getModule(host, holder, name, options.parameters ?? []);
  try {
    return new Lcd(host, module, options.console ?? (() => {}));
  } catch (error) {
    host.modules.put(module);
    throw error;
  }
}

/**
 * Says where the domain starts. @throws KernelError EINVAL when it is no embryo, or when there is nothing to start
 *
 * @see seed 004, LCD STATUS
 */
export function lcd_config(lcd: Lcd, config: LcdConfig = {}): void {
  lcd.transition("lcd_config", () => {
    const target = config.function ?? lcd.module.loaded.init;
    if (target === null) {
      throw new KernelError(
        "EINVAL",
        `module ${lcd.name} has no init function: there is nothing to run; call one of its functions instead`,
      );
    }
    lcd_arch_set_gva_root(lcd.arch, config.gva_root ?? __gpa(TABLES_BASE));
    lcd_arch_set_gs_base(lcd.arch, __gva(BOOT_BASE));
    lcd.init_thread.prepare({
      pc: config.pc ?? startAddress(lcd.host),
      sp: config.sp ?? __gva(FIRST_FRAME),
      function: target,
      arguments: config.arguments ?? [],
    });
  });
}

/** Lets the domain run, at first or after `lcd_suspend`. @throws KernelError EINVAL @see seed 004, LCD STATUS */
export function lcd_run(lcd: Lcd): void {
  lcd.transition("lcd_run", () => lcd.init_thread.makeRunnable());
}

/** Stops the domain until `lcd_run`; its thread keeps its place. @throws KernelError EINVAL @see seed 004, LCD STATUS */
export function lcd_suspend(lcd: Lcd): void {
  lcd.transition("lcd_suspend", () => lcd.init_thread.suspend());
}

/**
 * Kills what still runs in the domain, and takes everything back: pages, VMCS, the module when nobody else uses it.
 *
 * @throws KernelError EINVAL when the domain is dead; EBUSY from inside its own console output
 * @see seed 000, EXAMPLE; seed 004, LCD STATUS
 */
export function lcd_destroy(lcd: Lcd): void {
  lcd.transition("lcd_destroy", () => {
    if (lcd.init_thread.isExecuting) {
      throw new KernelError("EBUSY", `lcd_destroy of ${lcd.name} from its own console output: kill its thread instead`);
    }
    lcd.init_thread.kill("destroyed");
    lcd.tearDown();
  });
}

/** The init thread's first instruction: the runtime's `__lcd_start`. */
export function startAddress(host: HostKernel): gva_t {
  const start = host.modules.runtime.loaded.exports.get("__lcd_start");
  if (start === undefined) throw new KernelError("ENOEXEC", "the runtime module exports no __lcd_start");
  return start.value;
}
