import type { GraphModule } from "./dependency-graph";

/** A device node that a module wants to have, so that opening it loads the module. */
interface DeviceNode {
  readonly name: string;
  /** `c10:237`; null when the module does not say. */
  readonly numbers: string | null;
}

const NAME_PREFIX = "devname:";
const NUMBERS = /^(char|block)-major-[ \t-\r]*(\d+)-[ \t-\r]*(\d+)/;

/**
 * `modules.devname`: which device nodes lead to which modules. Empty when there is none.
 *
 * @param complain hears of modules that name a device and not its numbers
 */
export function modulesDevname(modules: readonly GraphModule[], complain: (message: string) => void): string {
  const lines = modules.flatMap(({ name, facts }) => {
    const node = deviceNode(facts.aliases);
    if (node === null) return [];
    if (node.numbers !== null) return [`${name} ${node.name} ${node.numbers}\n`];
    complain(`Module '${name}' has devname (${node.name}) but lacks major and minor information. Ignoring.`);
    return [];
  });
  return lines.length === 0 ? "" : ["# Device nodes to trigger on-demand module loading.\n", ...lines].join("");
}

/** From the aliases, up to the one that completes name and numbers; of several the last counts. */
function deviceNode(aliases: readonly string[]): DeviceNode | null {
  let name: string | null = null;
  let numbers: string | null = null;
  for (const alias of aliases) {
    const [, kind, major, minor] = NUMBERS.exec(alias) ?? [];
    if (alias.startsWith(NAME_PREFIX)) name = alias.slice(NAME_PREFIX.length);
    else if (kind !== undefined) numbers = `${kind.charAt(0)}${Number(major)}:${Number(minor)}`;
    if (name !== null && numbers !== null) break;
  }
  return name === null ? null : { name, numbers };
}
