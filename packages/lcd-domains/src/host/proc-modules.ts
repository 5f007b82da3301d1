import type { HostModule } from "./module-table";

/**
 * The text of `/proc/modules`: name, bytes, users, who uses it, state, address; the newest module first.
 * A domain that has a module counts as one user, and so does each module that uses it.
 *
 * @see Linux, Documentation/filesystems/proc.rst
 */
export function procModules(modules: readonly HostModule[]): string {
  return modules.map((module) => `${line(module)}\n`).join("");
}

function line(module: HostModule): string {
  const users = [...module.usedBy].map((user) => `${user.loaded.name},`).join("");
  const count = module.domains + module.usedBy.size;
  const { name, size, base } = module.loaded;
  const state = module.leaving === null ? "Live" : "Unloading";
  return `${name} ${size} ${count} ${users === "" ? "-" : users} ${state} 0x${base.toString(16).padStart(16, "0")}`;
}
