import type { FoundModule } from "./find-modules";
import { type KernelSymbols, withoutPrefix } from "./kernel-files";
import type { ModuleFacts } from "./module-facts";

/** A module with what is known about it. */
export interface GraphModule extends FoundModule {
  readonly facts: ModuleFacts;
}

/** A module uses a symbol of another one. */
export interface Need {
  readonly module: GraphModule;
  readonly symbol: string;
  readonly owner: GraphModule;
}

/** Who needs whom, by index into the list of modules. */
export class DependencyGraph {
  /** For each module the ones whose symbols it uses, in the order in which it first uses them. */
  readonly direct: readonly (readonly number[])[];
  /** Who exports a symbol; symbols without their prefix. */
  readonly exporters: ReadonlyMap<string, number>;
  /** Versions of what modules offer, as far as they were read; symbols without their prefix. */
  readonly #offered: ReadonlyMap<string, bigint>;

  /** @param symbolPrefix a character that does not count at the beginning of symbols; or nothing */
  constructor(
    readonly modules: readonly GraphModule[],
    private readonly symbolPrefix = "",
  ) {
    const exporters = new Map<string, number>();
    const offered = new Map<string, bigint>();
    for (const [index, { facts }] of modules.entries()) {
      for (const name of facts.exports) exporters.set(this.#plain(name), index);
      for (const [name, version] of facts.offeredVersions) offered.set(this.#plain(name), version);
    }
    this.exporters = exporters;
    this.#offered = offered;
    this.direct = modules.map(({ facts }) => {
      const used = new Set<number>();
      for (const name of facts.imports) {
        const owner = exporters.get(this.#plain(name));
        if (owner !== undefined) used.add(owner);
      }
      return [...used];
    });
  }

  /**
   * A place for each module such that every module comes before what it needs.
   *
   * Works off a stack of modules that nobody left needs, as kmod does: `modules.dep` shows this order.
   *
   * @returns places by index; `null` for the modules in a loop and those that only they need
   */
  places(): (number | null)[] {
    const users = this.modules.map(() => 0);
    for (const dependency of this.direct.flat()) users[dependency] = (users[dependency] ?? 0) + 1;
    const ready = [...users.keys()].filter((index) => users[index] === 0);
    const places: (number | null)[] = this.modules.map(() => null);
    let next = 0;
    for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
      places[index] = next++;
      for (const dependency of this.direct[index] ?? []) {
        const left = (users[dependency] ?? 0) - 1;
        users[dependency] = left;
        if (left === 0) ready.push(dependency);
      }
    }
    return places;
  }

  /** Everything that a module needs, directly or not, itself left out. */
  allDependencies(index: number): Set<number> {
    const found = new Set<number>();
    for (const next of this.direct[index] ?? []) found.add(next);
    // A set goes on with what is added to it meanwhile.
    for (const next of found) for (const further of this.direct[next] ?? []) found.add(further);
    found.delete(index);
    return found;
  }

  /** For each module the ones whose symbols it uses, with the symbol of each that it uses first. */
  *needs(): Iterable<Need> {
    for (const module of this.modules) {
      const told = new Set<GraphModule>();
      for (const symbol of module.facts.imports) {
        const owner = this.#exporterOf(symbol);
        if (owner === undefined || told.has(owner)) continue;
        told.add(owner);
        yield { module, symbol, owner };
      }
    }
  }

  /**
   * What modules need and cannot do without, and neither a module nor the kernel has, or only in another version.
   * Versions are compared when the kernel's are known; the modules must have been read with theirs.
   */
  *symbolProblems(kernel: KernelSymbols): Iterable<{ module: GraphModule; symbol: string; known: boolean }> {
    for (const module of this.modules) {
      const { imports, weakImports, versions } = module.facts;
      const weak = new Set(weakImports);
      for (const symbol of imports) {
        if (weak.has(symbol)) continue;
        const plain = this.#plain(symbol);
        const offered = this.#offered.get(plain) ?? kernel.symbols.get(plain);
        if (offered === undefined) yield { module, symbol, known: false };
        else if (kernel.versioned && offered !== (versions.get(symbol) ?? 0n)) yield { module, symbol, known: true };
      }
    }
  }

  #plain(symbol: string): string {
    return withoutPrefix(symbol, this.symbolPrefix);
  }

  #exporterOf(symbol: string): GraphModule | undefined {
    const index = this.exporters.get(this.#plain(symbol));
    return index === undefined ? undefined : this.modules[index];
  }
}
