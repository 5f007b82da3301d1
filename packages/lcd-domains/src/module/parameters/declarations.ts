import { invalidFormat } from "../format";
import type { Layout } from "../layout";
import type { ModuleImage } from "../module-image";
import type { ModuleMemory } from "../module-memory";
import type { RelocatedNames } from "../relocate";
import type { ModuleParameter } from "../types";
import { parameterType, typeName } from "./types";

/** A parameter with what is needed to set it. */
export interface Declaration extends ModuleParameter {
  /** Symbol name of its operations; `null` when they are the module's own. */
  readonly operations: string | null;
  /** The `arg` of its `struct kernel_param`. */
  readonly argument: bigint;
}

/** `struct kernel_param` on x86-64: since Linux 4.2 it has a pointer to its module, and is larger by that. */
const WITH_MODULE = { size: 40, operations: 16n, permissions: 24n, argument: 32n };
const WITHOUT_MODULE = { size: 32, operations: 8n, permissions: 16n, argument: 24n };

/** Offsets in `struct kparam_array`. */
export const KparamArray = { max: 0n, elementSize: 4n, count: 8n, operations: 16n, elements: 24n } as const;
/** Offsets in `struct kparam_string`. */
export const KparamString = { length: 0n, text: 8n } as const;

/** Reads section `__param` from relocated memory. Throws KernelError ENOEXEC. */
export function readDeclarations(
  image: ModuleImage,
  layout: Layout,
  base: bigint,
  memory: ModuleMemory,
  names: RelocatedNames,
): Declaration[] {
  const placed = [...layout.sections.values()].find(({ section }) => section.name === "__param");
  if (placed === undefined || placed.section.size === 0) return [];
  const start = base + BigInt(placed.offset);
  const { size } = placed.section;
  const format = names.has(start + WITHOUT_MODULE.operations) ? WITHOUT_MODULE : WITH_MODULE;
  if (size % format.size !== 0)
    throw invalidFormat(image.name, `section __param has ${size} bytes, no multiple of ${format.size}`);
  const descriptions = descriptionsOf(image);
  const declarations: Declaration[] = [];
  for (let at = start; at < start + BigInt(size); at += BigInt(format.size)) {
    const name = memory.text(memory.u64(at));
    const symbol = names.get(at + format.operations) ?? "";
    const operations = parameterType(symbol) === undefined ? null : symbol;
    const argument = memory.u64(at + format.argument);
    declarations.push({
      name,
      type: operations === null ? "custom" : describeType(operations, argument, names),
      permissions: memory.u16(at + format.permissions),
      description: descriptions.get(name) ?? "",
      operations,
      argument,
    });
  }
  return declarations;
}

function describeType(operations: string, argument: bigint, names: RelocatedNames): string {
  if (operations !== "param_array_ops") return typeName(operations);
  const elements = names.get(argument + KparamArray.operations);
  return elements === undefined ? "array" : `array of ${typeName(elements)}`;
}

function descriptionsOf({ modinfo }: ModuleImage): Map<string, string> {
  const descriptions = new Map<string, string>();
  for (const [key, value] of modinfo) {
    const [, name, text] = (key === "parm" && /^([^:]+):([\s\S]*)$/.exec(value)) || [];
    if (name !== undefined && text !== undefined) descriptions.set(name, text);
  }
  return descriptions;
}
