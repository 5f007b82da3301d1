import type { ToolFiles } from "../files/files";
import { builtinEntries } from "./builtin-modinfo";
import { moduleNameOfPath, normalizeName } from "./module-name";
import { linesOf, readTextIfPresent, wordsOf } from "./text";
import { wildcardMatch } from "./wildcard";

/** What `modules.dep` says about one module. */
export interface ModuleFile {
  readonly name: string;
  /** Path of the module, with the tree's directory in front. */
  readonly path: string;
  /** Names of all modules that it needs, itself not among them, in the order of `modules.dep`: nearest first. */
  readonly dependencies: readonly string[];
}

/** The indexes that depmod leaves in `/lib/modules/<release>`, each read when first asked for. */
export class ModuleTree {
  readonly #texts = new Map<string, Promise<string>>();
  #modules: Promise<ReadonlyMap<string, ModuleFile>> | null = null;
  #builtin: Promise<ReadonlySet<string>> | null = null;

  constructor(
    readonly files: ToolFiles,
    /** `/lib/modules/<release>`, maybe with a root in front. */
    readonly directory: string,
  ) {}

  /** A module by its name, dashes and underscores being the same. */
  async module(name: string): Promise<ModuleFile | undefined> {
    return (await this.modules()).get(normalizeName(name));
  }

  /** Every module of `modules.dep`, by name. */
  modules(): Promise<ReadonlyMap<string, ModuleFile>> {
    this.#modules ??= this.#text("modules.dep").then((text) => parseModulesDep(text, this.directory));
    return this.#modules;
  }

  /** Names of the modules that are linked into the kernel. */
  builtin(): Promise<ReadonlySet<string>> {
    this.#builtin ??= this.#text("modules.builtin").then((text) => new Set(linesOf(text).map(moduleNameOfPath)));
    return this.#builtin;
  }

  /** Modules in the kernel itself that say they serve an alias. */
  async builtinForAlias(alias: string): Promise<string[]> {
    return builtinAliases(await this.#text("modules.builtin.modinfo"), alias);
  }

  /**
   * What `modules.builtin.modinfo` says about a module in the kernel itself, as `.modinfo` entries in its order; null
   * when it says nothing. Empty when there is no such file: old kernels have none. A module's entries stand together.
   */
  async builtinModinfo(name: string): Promise<[key: string, value: string][] | null> {
    const text = await readTextIfPresent(this.files, `${this.directory}/modules.builtin.modinfo`);
    if (text === null) return [];
    const entries: [string, string][] = [];
    for (const [module, key, value] of builtinEntries(text)) {
      if (module === name) entries.push([key, value]);
      else if (entries.length > 0) break;
    }
    return entries.length === 0 ? null : entries;
  }

  /** Modules that say they serve an alias (`pci:v00008086d...`), in the order of `modules.alias`. */
  async modulesForAlias(alias: string): Promise<string[]> {
    return matchingAliases(await this.#text("modules.alias"), alias);
  }

  /** Modules that export a symbol, asked for as `symbol:name`. */
  async modulesForSymbol(alias: string): Promise<string[]> {
    return alias.startsWith("symbol:") ? matchingAliases(await this.#text("modules.symbols"), alias) : [];
  }

  #text(file: string): Promise<string> {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const text = readTextIfPresent(this.files, `${this.directory}/${file}`).then((content) => content ?? "");
    this.#texts.set(file, text);
    return text;
  }
}

/** Reads the lines `a.ko: b.ko c.ko`; a line without a colon says nothing. The first line about a module counts. */
export function parseModulesDep(text: string, directory: string): ReadonlyMap<string, ModuleFile> {
  const modules = new Map<string, ModuleFile>();
  for (const line of linesOf(text)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const module = new DependencyLine(line, colon, directory);
    if (!modules.has(module.name)) modules.set(module.name, module);
  }
  return modules;
}

/** A line of `modules.dep`. Of thousands only a few are asked for more than the name. */
class DependencyLine implements ModuleFile {
  readonly name: string;

  constructor(
    private readonly line: string,
    private readonly colon: number,
    private readonly directory: string,
  ) {
    this.name = moduleNameOfPath(line.slice(0, colon));
  }

  get path(): string {
    const path = this.line.slice(0, this.colon);
    return path.startsWith("/") ? path : `${this.directory}/${path}`;
  }

  get dependencies(): readonly string[] {
    return wordsOf(this.line.slice(this.colon + 1)).map(moduleNameOfPath);
  }
}

/** The lines `alias <pattern> <module>`; patterns are matched with dashes and underscores being the same. */
function matchingAliases(text: string, alias: string): string[] {
  const modules = new Set<string>();
  for (const line of linesOf(text)) {
    const [keyword, pattern, module] = wordsOf(line);
    if (keyword !== "alias" || pattern === undefined || module === undefined) continue;
    if (wildcardMatch(normalizeName(pattern), alias)) modules.add(normalizeName(module));
  }
  return [...modules];
}

function builtinAliases(text: string, alias: string): string[] {
  const modules = new Set<string>();
  for (const [module, key, pattern] of builtinEntries(text)) {
    if (key === "alias" && wildcardMatch(normalizeName(pattern), alias)) modules.add(normalizeName(module));
  }
  return [...modules];
}
