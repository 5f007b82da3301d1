import { IndexBuilder, isIndexKey } from "../index-format/index-builder";
import { hasUnmatchedBracket, moduleNameOfPath, normalizeName } from "../tree/module-name";
import { linesWithEnds } from "../tree/text";
import type { DependencyGraph, GraphModule } from "./dependency-graph";
import type { ExportedSymbols } from "./index-files";

/** Hears of what is odd while an index is made. */
export interface IndexListener {
  /** A key has the same value twice; `-w` shows it. */
  duplicate(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

/** `modules.dep.bin`: from a module's name to its line of `modules.dep`. */
export function dependencyIndex(
  modules: readonly GraphModule[],
  lines: readonly string[],
  listener: IndexListener,
): Uint8Array {
  const index = new ListenedIndex(listener);
  for (const [place, { name }] of modules.entries()) {
    const line = lines[place] ?? "";
    index.add(name, line, place, () => `module deps:\n${line}`);
  }
  return index.bytes();
}

/** `modules.alias.bin`: from an alias, which may have wildcards, to modules. */
export function aliasIndex(modules: readonly GraphModule[], listener: IndexListener): Uint8Array {
  const index = new ListenedIndex(listener);
  for (const [place, { name, facts }] of modules.entries()) {
    for (const value of facts.aliases) {
      if (hasUnmatchedBracket(value)) {
        listener.warning(`Unmatched bracket in ${value}`);
        continue;
      }
      const alias = normalizeName(value);
      index.add(alias, name, place, () => `module alias:\n${alias} ${name}`);
    }
  }
  return index.bytes();
}

/** `modules.symbols.bin`: from `symbol:name` to the module that exports it. */
export function symbolIndex(
  { modules }: DependencyGraph,
  exported: ExportedSymbols,
  listener: IndexListener,
): Uint8Array {
  const index = new ListenedIndex(listener);
  for (const [symbol, owner] of exported) {
    const name = modules[owner]?.name ?? "";
    index.add(`symbol:${symbol}`, name, owner, () => `module syms:\nsymbol:${symbol} ${name}`);
  }
  return index.bytes();
}

/** `modules.builtin.bin`: the names in `modules.builtin`. */
export function builtinIndex(modulesBuiltin: string, listener: IndexListener): Uint8Array {
  const index = new ListenedIndex(listener);
  // The end of a line belongs to the name of a file without an ending, as with kmod.
  for (const line of linesWithEnds(modulesBuiltin)) {
    if (!/^[A-Za-z]/.test(line)) listener.error(`Invalid modules.builtin line: ${line}`);
    else if (!line.endsWith("/")) index.add(moduleNameOfPath(line), "", 0, null);
  }
  return index.bytes();
}

/**
 * `modules.builtin.alias.bin`: from an alias to modules in the kernel itself.
 *
 * @param entries of `modules.builtin.modinfo`
 */
export function builtinAliasIndex(
  entries: Iterable<readonly [module: string, key: string, value: string]>,
  listener: IndexListener,
): Uint8Array {
  const index = new ListenedIndex(listener);
  for (const [module, key, value] of entries) {
    if (key !== "alias") continue;
    if (hasUnmatchedBracket(value)) {
      listener.warning(`Unmatched bracket in ${value}`);
      continue;
    }
    const alias = normalizeName(value);
    if (alias === "") continue;
    index.add(alias, module, 0, null);
  }
  return index.bytes();
}

/** An index that says what is odd with what it is given. */
class ListenedIndex {
  readonly #index = new IndexBuilder();

  constructor(private readonly listener: IndexListener) {}

  /** @param what the key has twice then, in kmod's words; null when that is not worth a word */
  add(key: string, value: string, priority: number, what: (() => string) | null): void {
    if (!isIndexKey(key)) {
      // A module's name, or its line of modules.dep.
      const [owner] = value.split(":", 1);
      const of = owner === "" ? "" : ` of ${owner}`;
      this.listener.warning(`Module index: '${key}'${of} is left out of it: only 7-bit ASCII is supported`);
    } else if (this.#index.add(key, value, priority) && what !== null) this.listener.duplicate(`duplicate ${what()}`);
  }

  bytes(): Uint8Array {
    return this.#index.bytes();
  }
}
