import { KernelError } from "lcd-arch-x86";
import type { Lcd } from "../lcd/lcd";
import { lcd_destroy } from "../lcd/lifecycle";
import type { HostKernel } from "./host-kernel";
import type { HostModule } from "./module-table";

/** How a module is taken out; at once and only when nobody uses it, when all is absent. */
export interface DeleteModuleFlags {
  /** Wait until no domain has it any more (the system call without `O_NONBLOCK`). Meanwhile nobody new may use it. */
  readonly wait?: boolean;
  /** Destroy the domains that have it (`O_TRUNC`). */
  readonly force?: boolean;
  /** Ends the waiting: the module stays. */
  readonly signal?: AbortSignal;
}

/**
 * Takes a module out of the host, as the delete_module system call does. What the module used stays. Its exit code does
 * not run, as its init code never ran in the host (seed 000, SETUP); so a module without exit code can go, too.
 *
 * @param name exactly as `/proc/modules` has it
 * @throws KernelError ENOENT when it is not loaded; EAGAIN when another module uses it, even by force, or a domain has
 *   it; EBUSY when it is being taken out already, or by force from the console output of a domain that has it; EINTR
 *   when the signal ended the waiting
 * @see delete_module(2)
 */
export async function deleteModule(host: HostKernel, name: string, flags: DeleteModuleFlags = {}): Promise<void> {
  const module = host.modules.named(name);
  if (module === undefined) throw new KernelError("ENOENT", `module ${name} is not loaded`);
  const users = [...module.usedBy].map((user) => user.loaded.name);
  if (users.length > 0) throw new KernelError("EAGAIN", `module ${name} is in use by ${users.join(", ")}`);
  if (module.leaving !== null && !flags.force) throw new KernelError("EBUSY", `module ${name} is being taken out`);
  if (flags.force) destroyDomains(host, module);
  else if (flags.wait) await untilUnused(module, flags.signal);
  else if (module.domains > 0) throw new KernelError("EAGAIN", `${module.domains} domains have module ${name}`);
  // What was loaded for domains has gone with the last of them.
  if (host.modules.named(name) === module) host.modules.remove(module);
}

function destroyDomains(host: HostKernel, module: HostModule): void {
  const { name } = module.loaded;
  const domains: Lcd[] = [...host.lcds].filter((lcd) => lcd.module === module);
  if (domains.length < module.domains || domains.some((lcd) => lcd.init_thread.isExecuting)) {
    throw new KernelError("EBUSY", `a domain of module ${name} is being made, or prints: it cannot be destroyed now`);
  }
  if (domains.length > 0) host.printk("warn", `module ${name}: forced out, and ${domains.length} domains with it`);
  for (const lcd of domains) lcd_destroy(lcd);
}

async function untilUnused(module: HostModule, signal: AbortSignal | undefined): Promise<void> {
  if (module.domains === 0) return;
  const interrupted = (): KernelError =>
    new KernelError("EINTR", `module ${module.loaded.name}: nobody waits for its domains any more`);
  if (signal?.aborted) throw interrupted();
  let abort = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      module.leaving = resolve;
      abort = () => reject(interrupted());
      signal?.addEventListener("abort", abort);
    });
  } finally {
    module.leaving = null;
    signal?.removeEventListener("abort", abort);
  }
}
