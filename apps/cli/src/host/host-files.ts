import { memoryFiles, mountFiles, type ToolFiles } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { HOST_TREE } from "../module-files/module-source";
import { mountedFiles } from "../module-files/mounted-files";

/** Where the emulated host has its configuration. */
const CONFIGURATION = "/etc/modprobe.d";

/** What of this machine is none of the emulated host's business: its configuration, its kernel. */
const HIDDEN = [
  "/run/modprobe.d",
  "/usr/local/lib/modprobe.d",
  "/usr/lib/modprobe.d",
  "/lib/modprobe.d",
  "/proc",
  "/sys",
];

/**
 * The files that commands in an emulated host see: those of this machine, but the host's own modules and configuration.
 *
 * @param tree the directory with a `modules.dep` that is `/lib/modules/lcd`
 * @param configuration the directory that is `/etc/modprobe.d`; empty when absent
 */
export function hostFiles(tree: string, configuration: string | undefined): ToolFiles {
  const nothing = memoryFiles();
  const hidden = Object.fromEntries(HIDDEN.map((place) => [place, nothing]));
  return mountFiles({
    "/": nodeFiles,
    ...hidden,
    [CONFIGURATION]: configuration === undefined ? nothing : mountedFiles(CONFIGURATION, configuration),
    [HOST_TREE]: mountedFiles(HOST_TREE, tree),
  });
}
