import { decodeText } from "elf-image";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { IndexReader } from "../index-format/index-reader";
import { builtinEntries } from "./builtin-modinfo";
import { matching } from "./matching";
import { moduleNameOfPath, normalizeName } from "./module-name";
import { linesOf, readFileIfPresent, wordsOf } from "./text";

/** What `modules.dep` says about one module. */
export interface ModuleFile {
  readonly name: string;
  /** Path of the module, with the tree's directory in front. */
  readonly path: string;
  /** Names of all modules that it needs, itself not among them, in the order of `modules.dep`: nearest first. */
  readonly dependencies: readonly string[];
}

/** A module that serves an alias. */
export interface AliasMatch {
  /** The alias as the module has it, wildcards included; dashes as underscores. */
  readonly pattern: string;
  readonly module: string;
}

/**
 * The indexes that depmod leaves in `/lib/modules/<release>`, each read when first asked for: the binary one when it is
 * there, otherwise the text that says the same. Every method throws ToolError for a damaged index.
 */
export class ModuleTree {
  readonly #texts = new Map<string, Promise<string>>();
  readonly #aliases = new Map<string, Promise<readonly AliasMatch[]>>();
  readonly #indexes = new Map<string, Promise<IndexReader | null>>();
  /** By their lines of `modules.dep`: those of a damaged index may have one line for all. */
  readonly #files = new Map<string, ModuleFile | undefined>();
  #modules: Promise<ReadonlyMap<string, ModuleFile>> | null = null;
  #builtin: Promise<ReadonlySet<string>> | null = null;

  constructor(
    readonly files: ToolFiles,
    /** `/lib/modules/<release>`, maybe with a root in front. */
    readonly directory: string,
  ) {}

  /** A module by its name, dashes and underscores being the same. */
  async module(name: string): Promise<ModuleFile | undefined> {
    const index = await this.#index("modules.dep.bin");
    if (index === null) return (await this.modules()).get(normalizeName(name));
    const [found] = index.search(normalizeName(name));
    if (found === undefined) return undefined;
    const known = this.#files.get(found.value) ?? parseDependencies(found.value, this.directory);
    this.#files.set(found.value, known);
    return known;
  }

  /** Every module of `modules.dep`, by name. */
  modules(): Promise<ReadonlyMap<string, ModuleFile>> {
    this.#modules ??= this.#readModules();
    return this.#modules;
  }

  /** Names of the modules that are linked into the kernel. */
  builtin(): Promise<ReadonlySet<string>> {
    this.#builtin ??= this.#readBuiltin();
    return this.#builtin;
  }

  /** Whether a module is linked into the kernel. */
  async isBuiltin(name: string): Promise<boolean> {
    const index = await this.#index("modules.builtin.bin");
    return index === null ? (await this.builtin()).has(name) : index.search(name).length > 0;
  }

  /** Modules in the kernel itself that say they serve an alias; one for each of its patterns that matches. */
  async builtinForAlias(alias: string): Promise<AliasMatch[]> {
    const index = await this.#index("modules.builtin.alias.bin");
    if (index !== null) return matchesOf(index, alias);
    return matching(await this.#aliasesIn("modules.builtin.modinfo"), alias);
  }

  /**
   * What `modules.builtin.modinfo` says about a module in the kernel itself, as `.modinfo` entries in its order; null
   * when there is no such file: old kernels have none. A module's entries stand together.
   */
  async builtinModinfo(name: string): Promise<[key: string, value: string][] | null> {
    const text = await readText(this.files, `${this.directory}/modules.builtin.modinfo`);
    if (text === null) return null;
    const entries: [string, string][] = [];
    for (const [module, key, value] of builtinEntries(text)) {
      if (module === name) entries.push([key, value]);
      else if (entries.length > 0) break;
    }
    return entries;
  }

  /**
   * Modules that say they serve an alias (`pci:v00008086d...`), in the order of `modules.alias`; a module as often as
   * it has patterns that match.
   */
  async modulesForAlias(alias: string): Promise<AliasMatch[]> {
    return this.#matching("modules.alias", alias);
  }

  /** Modules that export a symbol, asked for as `symbol:name`. */
  async modulesForSymbol(alias: string): Promise<AliasMatch[]> {
    return alias.startsWith("symbol:") ? this.#matching("modules.symbols", alias) : [];
  }

  /** Every alias of a module and every exported symbol (`symbol:name`) with its module; sorted by alias. */
  async aliases(): Promise<[alias: string, module: string][]> {
    return [...(await this.#pairs("modules.alias")), ...(await this.#pairs("modules.symbols"))];
  }

  async #pairs(file: string): Promise<[string, string][]> {
    const index = await this.#index(`${file}.bin`);
    if (index === null) {
      const pairs = (await this.#aliasesIn(file)).map(({ pattern, module }): [string, string] => [pattern, module]);
      return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    }
    return [...index.sortedEntries()].flatMap(({ key, values }) =>
      values.map(({ value }): [string, string] => [key, value]),
    );
  }

  async #readModules(): Promise<ReadonlyMap<string, ModuleFile>> {
    const index = await this.#index("modules.dep.bin");
    if (index === null) return parseModulesDep(await this.#text("modules.dep"), this.directory);
    const lines = [...index.entries()].flatMap(({ values }) => values.slice(0, 1));
    lines.sort((a, b) => a.priority - b.priority);
    return parseModulesDep(lines.map(({ value }) => value).join("\n"), this.directory);
  }

  async #readBuiltin(): Promise<ReadonlySet<string>> {
    const index = await this.#index("modules.builtin.bin");
    if (index !== null) return new Set([...index.entries()].map(({ key }) => key));
    return new Set(linesOf(await this.#text("modules.builtin")).map(moduleNameOfPath));
  }

  async #matching(file: string, alias: string): Promise<AliasMatch[]> {
    const index = await this.#index(`${file}.bin`);
    if (index !== null) return matchesOf(index, alias);
    return matching(await this.#aliasesIn(file), alias);
  }

  /** The lines of a text, which are read once for many questions. */
  #aliasesIn(file: string): Promise<readonly AliasMatch[]> {
    const aliasesIn = file === "modules.builtin.modinfo" ? builtinAliases : aliasLines;
    const known = this.#aliases.get(file) ?? this.#text(file).then(aliasesIn);
    this.#aliases.set(file, known);
    return known;
  }

  /** Null when there is none; depmod leaves empty ones for what it does not know. */
  #index(file: string): Promise<IndexReader | null> {
    const known = this.#indexes.get(file);
    if (known !== undefined) return known;
    const path = `${this.directory}/${file}`;
    const index = readBytes(this.files, path).then((bytes) =>
      bytes === null || bytes.length === 0 ? null : new IndexReader(bytes, path),
    );
    this.#indexes.set(file, index);
    return index;
  }

  #text(file: string): Promise<string> {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const text = readText(this.files, `${this.directory}/${file}`).then((content) => content ?? "");
    this.#texts.set(file, text);
    return text;
  }
}

/** Reads the lines `a.ko: b.ko c.ko`; a line without a colon says nothing. The first line about a module counts. */
export function parseModulesDep(text: string, directory: string): ReadonlyMap<string, ModuleFile> {
  const modules = new Map<string, ModuleFile>();
  for (const line of linesOf(text)) {
    const module = parseDependencies(line, directory);
    if (module !== undefined && !modules.has(module.name)) modules.set(module.name, module);
  }
  return modules;
}

function parseDependencies(line: string, directory: string): ModuleFile | undefined {
  const colon = line.indexOf(":");
  return colon < 0 ? undefined : new DependencyLine(line, colon, directory);
}

/** A line of `modules.dep`. Of thousands only a few are asked for more than the name. */
class DependencyLine implements ModuleFile {
  readonly name: string;
  #dependencies: readonly string[] | undefined;

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
    this.#dependencies ??= wordsOf(this.line.slice(this.colon + 1)).map(moduleNameOfPath);
    return this.#dependencies;
  }
}

function matchesOf(index: IndexReader, alias: string): AliasMatch[] {
  return index.searchWild(alias).map(({ key, value }) => ({ pattern: key, module: value }));
}

/** The lines `alias <pattern> <module>`, dashes as underscores. */
function aliasLines(text: string): AliasMatch[] {
  return linesOf(text).flatMap((line): AliasMatch[] => {
    const [keyword, pattern, module] = wordsOf(line);
    if (keyword !== "alias" || pattern === undefined || module === undefined) return [];
    return [{ pattern: normalizeName(pattern), module: normalizeName(module) }];
  });
}

function builtinAliases(text: string): AliasMatch[] {
  const aliases: AliasMatch[] = [];
  for (const [module, key, value] of builtinEntries(text)) {
    if (key === "alias") aliases.push({ pattern: normalizeName(value), module: normalizeName(module) });
  }
  return aliases;
}

async function readText(files: ToolFiles, path: string): Promise<string | null> {
  const bytes = await readBytes(files, path);
  return bytes === null ? null : decodeText(bytes);
}

/** @throws ToolError that names the file */
async function readBytes(files: ToolFiles, path: string): Promise<Uint8Array | null> {
  try {
    return await readFileIfPresent(files, path);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new ToolError(`could not open ${path}: ${describeError(error)}`);
  }
}
