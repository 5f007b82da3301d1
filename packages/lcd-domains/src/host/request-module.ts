import { KernelError } from "lcd-arch-x86";
import type { DeviceFile } from "./devices";
import type { HostKernel } from "./host-kernel";
import { LcdDeviceFile } from "./lcd-device";
import type { LockHolder } from "./lock";
import { type HostModule, moduleName } from "./module-table";

/** The patched modprobe (seed 000, Patched Modprobe Setup). */
export const LCD_MODPROBE = "/sbin/lcd-modprobe";

/**
 * Loads a module that is destined for an lcd, and what it needs: runs `/sbin/lcd-modprobe`, which finds the module by
 * its name and hands it to `/dev/lcd`. Does nothing when the module is loaded already. It stays until it is taken out.
 *
 * @param name as in the module tree: `hello`, or `hello.ko`
 * @param parameters `count=3`, each one argument of modprobe
 * @throws KernelError what the loader threw, or ENOENT when modprobe found no such module
 * @see seed 000, SETUP
 */
export async function request_lcd_module(
  host: HostKernel,
  name: string,
  parameters: readonly string[] = [],
): Promise<void> {
  await request(host, name, parameters);
}

/**
 * Asks for a module and counts a domain in, so that it cannot go in between. What is loaded for it goes with its last
 * user. Undo with `host.modules.put`.
 *
 * @throws KernelError as {@link request_lcd_module}; EBUSY when the module is being taken out
 */
export function getModule(
  host: HostKernel,
  holder: LockHolder,
  name: string,
  parameters: readonly string[],
): Promise<HostModule> {
  return host.modulesLock.with(holder, async () => {
    for (const loaded of await request(host, name, parameters)) loaded.forDomains = true;
    const module = host.modules.find(name);
    if (module === undefined) throw new KernelError("ENOENT", `module ${name} is not loaded`);
    if (module.leaving !== null) throw new KernelError("EBUSY", `module ${name} is being taken out`);
    host.modules.get(module);
    return module;
  });
}

/** @returns what was loaded */
async function request(host: HostKernel, name: string, parameters: readonly string[]): Promise<readonly HostModule[]> {
  if (host.modules.find(name) !== undefined) return [];
  const files: DeviceFile[] = [];
  const openDevice = (path: string): DeviceFile => {
    const file = host.devices.open(path);
    files.push(file);
    return file;
  };
  const asked = moduleName(name);
  try {
    const code = await host.helpers.call(LCD_MODPROBE, ["-q", "--", asked, ...parameters], { openDevice });
    if (code === 0 && host.modules.find(asked) !== undefined) return loadedThrough(files);
    const failure = files.map((file) => file.lastError).find((error) => error !== null);
    if (failure) throw new KernelError(failure.code, failure.message, { cause: failure });
    throw new KernelError(
      "ENOENT",
      `module ${asked}: ${LCD_MODPROBE} did not load it (exit code ${code}); is it installed?`,
    );
  } catch (error) {
    // What was loaded for it only is of no use without it: the last first, as it may use what came before.
    for (const module of loadedThrough(files).reverse()) {
      module.forDomains = true;
      host.modules.unloadIdle(module);
    }
    throw error;
  }
}

function loadedThrough(files: readonly DeviceFile[]): HostModule[] {
  return files.flatMap((file) => (file instanceof LcdDeviceFile ? file.loaded : []));
}
