import { Log } from "../command/log";
import { DecompressError, decompressModule } from "../compression/decompress";
import { locationOf } from "../depmod/find-modules";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { ModuleTree } from "../tree/module-tree";
import { type Description, describeModule } from "./describe-module";
import { modulesOfTree } from "./modules-of-tree";

/** One of two trees to be compared. */
export interface TreeSide extends Pick<ToolEnvironment, "files" | "stderr"> {
  /** `/lib/modules/<release>`, maybe with a root in front. */
  readonly directory: string;
  /** In front of the places where `depmod.d` is looked for, which says which of several modules counts. Default: "". */
  readonly root?: string;
}

/** What became of a module. */
export interface ModuleDifference {
  readonly name: string;
  /** Below the directory of the tree that has it; of the second tree when both have. */
  readonly path: string;
  readonly outcome: Outcome;
}

export type Outcome =
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly changes: readonly Change[] }
  /** Only one tree has it; `builtin`: the kernel of the other one has it built in. */
  | { readonly kind: "added" | "removed"; readonly builtin: boolean }
  /** One of the two files cannot be read. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** Something that is not the same in two versions of a module. */
export interface Change {
  /** `path`, `contents` (when nothing else of the bytes has a name), or a property of {@link Description}. */
  readonly property: string;
  /** Which of several: an alias, a symbol, a parameter; "" for what a module has once. */
  readonly name: string;
  /** Null when it is new, and for `contents`. */
  readonly before: string | null;
  /** Null when it is gone, and for `contents`. */
  readonly after: string | null;
}

/** Pairs of modules that are read at the same time. */
const PAIRS_AT_ONCE = 4;

/**
 * Compares the modules of two trees, sorted by name, with only a few in memory at any time. The modules themselves
 * count; indexes need not be there. One that is compressed in another way is the same.
 *
 * @throws what the file system throws for a directory that cannot be read
 */
export async function* diffTrees(before: TreeSide, after: TreeSide): AsyncIterable<ModuleDifference> {
  const [old, young] = await Promise.all([readSide(before), readSide(after)]);
  const names = [...new Set([...old.paths.keys(), ...young.paths.keys()])].sort();
  for (let i = 0; i < names.length; i += PAIRS_AT_ONCE) {
    yield* await Promise.all(names.slice(i, i + PAIRS_AT_ONCE).map((name) => compare(name, old, young)));
  }
}

interface Side extends TreeSide {
  /** Where each module is, below the directory. */
  readonly paths: ReadonlyMap<string, string>;
  readonly tree: ModuleTree;
}

async function readSide({ files, directory, stderr, root = "" }: TreeSide): Promise<Side> {
  const log = new Log("lcd-modules", stderr, "error");
  const modules = await modulesOfTree(files, directory, root, log);
  const paths = new Map(modules.map(({ name, path }) => [name, path]));
  return { files, directory, stderr, paths, tree: new ModuleTree(files, directory) };
}

async function compare(name: string, old: Side, young: Side): Promise<ModuleDifference> {
  const [before, after] = [old.paths.get(name), young.paths.get(name)];
  if (after === undefined) {
    return { name, path: before ?? "", outcome: { kind: "removed", builtin: await young.tree.isBuiltin(name) } };
  }
  if (before === undefined) {
    return { name, path: after, outcome: { kind: "added", builtin: await old.tree.isBuiltin(name) } };
  }
  return { name, path: after, outcome: await compareFiles([old, before], [young, after]) };
}

type FileOfSide = readonly [side: Side, path: string];

async function compareFiles(before: FileOfSide, after: FileOfSide): Promise<Outcome> {
  const [old, young] = await Promise.all([readContent(...before), readContent(...after)]);
  if ("unreadable" in old) return { kind: "unreadable", reason: old.unreadable };
  if ("unreadable" in young) return { kind: "unreadable", reason: young.unreadable };
  const changes = changedContents(old, young);
  if (before[1] !== after[1]) changes.unshift({ property: "path", name: "", before: before[1], after: after[1] });
  return changes.length === 0 ? { kind: "same" } : { kind: "changed", changes };
}

/** Decompressed; `damage` tells why that was not possible. */
type Content = { readonly bytes: Uint8Array; readonly damage: string | null };

async function readContent(side: Side, path: string): Promise<Content | { readonly unreadable: string }> {
  const location = locationOf({ name: "", path }, side.directory);
  let bytes: Uint8Array;
  try {
    bytes = await side.files.readFile(location);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    return { unreadable: `${location}: ${describeError(error)}` };
  }
  try {
    return { bytes: await decompressModule(bytes), damage: null };
  } catch (error) {
    if (error instanceof DecompressError) return { bytes, damage: error.message };
    throw error;
  }
}

function changedContents(before: Content, after: Content): Change[] {
  if (isEqual(before.bytes, after.bytes)) return [];
  const changes = changesBetween(describeContent(before), describeContent(after));
  return changes.length > 0 ? changes : [{ property: "contents", name: "", before: null, after: null }];
}

function describeContent({ bytes, damage }: Content): Description {
  if (damage === null) return describeModule(bytes);
  return new Map([["damage", new Map([["", damage]])]]);
}

/** Of a module that became damaged, or whole, everything would be new or gone: only that it did is told. */
const OF_DAMAGED: readonly string[] = ["size", "damage"];

function changesBetween(before: Description, after: Description): Change[] {
  const changes: Change[] = [];
  const damaged = before.has("damage") || after.has("damage");
  for (const property of damaged ? OF_DAMAGED : new Set([...before.keys(), ...after.keys()])) {
    const [old, young] = [before.get(property), after.get(property)];
    for (const name of new Set([...(old?.keys() ?? []), ...(young?.keys() ?? [])])) {
      const change = { property, name, before: old?.get(name) ?? null, after: young?.get(name) ?? null };
      if (change.before !== change.after) changes.push(change);
    }
  }
  return changes;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // A loop takes a third of the time of `every`, and trees have hundreds of megabytes.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
