import type { HostModule } from "./module-table";
import { procModules } from "./proc-modules";

/**
 * The files in which the kernel shows its modules, as they are now: path to text. `/proc/modules`, and for each module
 * below `/sys/module` what the module tools read: size, users, state, and a file for each module that uses it.
 *
 * @see Linux, Documentation/ABI/testing/sysfs-module
 */
export function kernelFiles(modules: readonly HostModule[]): Record<string, string> {
  const files: Record<string, string> = { "/proc/modules": procModules(modules) };
  for (const module of modules) {
    const directory = `/sys/module/${module.loaded.name}`;
    files[`${directory}/coresize`] = `${module.loaded.size}\n`;
    files[`${directory}/refcnt`] = `${module.domains + module.usedBy.size}\n`;
    files[`${directory}/initstate`] = module.leaving === null ? "live\n" : "going\n";
    for (const user of module.usedBy) files[`${directory}/holders/${user.loaded.name}`] = "";
  }
  return files;
}
