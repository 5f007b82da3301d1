import { __gva, type gva_t, KernelError, PAGE_SIZE } from "lcd-arch-x86";
import type { LoadedModule, LoadRequest, ModuleHost, ResolvedSymbol } from "../module";
import { ImageCache, loadModule, MODULE_SPACE_SIZE, MODULE_SPACE_START } from "../module";
import { AddressSpan } from "./address-space";
import { releaseParts, type StoredPart, storeParts } from "./module-pages";
import type { PageAllocator, PageOwner } from "./page-allocator";
import type { KernelLog } from "./printk";

/** A module that the host has loaded. */
export interface HostModule {
  readonly loaded: LoadedModule;
  readonly parts: readonly StoredPart[];
  /** Modules whose symbols it uses. */
  readonly uses: readonly HostModule[];
  /** Modules that use its symbols. */
  readonly usedBy: Set<HostModule>;
  /** Domains that have it as their module. */
  domains: number;
  /** Loaded for a domain: it goes with its last user. What somebody loaded stays until somebody takes it out. */
  forDomains: boolean;
  /** It is being taken out: nobody new may use it. Called when the last domain that has it is gone. */
  leaving: (() => void) | null;
}

export interface ModuleTableOptions {
  readonly pages: PageAllocator;
  readonly log: KernelLog;
  readonly hasFeature: (feature: number) => boolean;
  readonly perCpuBase: gva_t;
}

/** The modules that are loaded, their pages and the symbols that they export. */
export class ModuleTable {
  private readonly options: ModuleTableOptions;
  private readonly space = new AddressSpan(MODULE_SPACE_START, MODULE_SPACE_SIZE);
  private readonly modules = new Map<string, HostModule>();
  private readonly images = new ImageCache();
  private readonly symbols = new Map<string, ResolvedSymbol>();
  private readonly owners = new Map<HostModule, PageOwner>();
  private runtimeModule: HostModule | null = null;

  constructor(options: ModuleTableOptions) {
    this.options = options;
  }

  /** The module that stands for the kernel: every domain has it, and its exports are the host's own table. */
  get runtime(): HostModule {
    if (this.runtimeModule === null) throw new KernelError("ENODEV", "no runtime module is loaded");
    return this.runtimeModule;
  }

  /** Loaded modules, the newest first; without the runtime. */
  list(): HostModule[] {
    return [...this.modules.values()].reverse();
  }

  /** How many symbols can be linked to. */
  get symbolCount(): number {
    return this.symbols.size;
  }

  /** Finds a loaded module by its name, or by one that it gives itself (`MODULE_ALIAS`). */
  find(name: string): HostModule | undefined {
    const wanted = moduleName(name);
    return this.modules.get(wanted) ?? this.list().find(({ loaded }) => hasAlias(loaded, wanted));
  }

  /** The loaded module that has exactly this name. */
  named(name: string): HostModule | undefined {
    return this.modules.get(name);
  }

  /** Finds the module, the runtime included, that has an address. */
  at(address: gva_t): HostModule | undefined {
    const candidates = this.runtimeModule === null ? this.list() : [this.runtimeModule, ...this.list()];
    return candidates.find(({ loaded }) => address >= loaded.base && address < loaded.base + BigInt(loaded.size));
  }

  /** Loads the runtime. @throws KernelError as {@link load} */
  loadRuntime(image: Uint8Array): void {
    this.runtimeModule = this.store({ image, name: "lcd_runtime", options: "" }, null);
  }

  /**
   * Loads a module; nothing of it runs.
   *
   * @throws KernelError EEXIST when one of that name is loaded; ENOEXEC, ENOENT (unknown symbol), ENOMEM
   */
  load(request: LoadRequest): HostModule {
    const name = moduleName(request.name);
    if (this.modules.has(name)) throw new KernelError("EEXIST", `module ${name} is already loaded`);
    const module = this.store(request, name);
    this.modules.set(module.loaded.name, module);
    for (const used of module.uses) used.usedBy.add(module);
    return module;
  }

  /** Frees the runtime; no other module may be loaded. */
  unloadRuntime(): void {
    if (this.modules.size > 0) throw new KernelError("EBUSY", `${this.modules.size} modules are still loaded`);
    if (this.runtimeModule !== null) this.free(this.runtimeModule);
    this.runtimeModule = null;
    this.symbols.clear();
  }

  /** Counts a domain in. */
  get(module: HostModule): void {
    module.domains++;
  }

  /** Counts a domain out; a module that was loaded for domains goes with its last user, and with it what it needed. */
  put(module: HostModule): void {
    module.domains--;
    this.unloadIdle(module);
    if (module.domains === 0) module.leaving?.();
  }

  /**
   * Unloads a module; what it used stays.
   *
   * @throws KernelError EBUSY while a domain or another module uses it
   */
  remove(module: HostModule): void {
    const { name, exports } = module.loaded;
    if (isInUse(module)) throw new KernelError("EBUSY", `module ${name} is in use`);
    this.modules.delete(name);
    for (const symbol of exports.keys()) {
      if (this.symbols.get(symbol)?.owner === name) this.symbols.delete(symbol);
    }
    this.free(module);
    for (const used of module.uses) used.usedBy.delete(module);
  }

  /** Unloads a module that is there for domains only, and what was loaded for it; does nothing while it is in use. */
  unloadIdle(module: HostModule): void {
    if (!module.forDomains || isInUse(module) || !this.owners.has(module)) return;
    this.remove(module);
    for (const used of module.uses) this.unloadIdle(used);
  }

  /** Loads a module and makes its pages and symbols; `owner` is `null` for the host's own table. */
  private store(request: LoadRequest, name: string | null): HostModule {
    const loaded = loadModule(request, this.host(), (bytes, fallback) => this.images.open(bytes, fallback));
    try {
      if (name !== null && this.modules.has(loaded.name)) {
        throw new KernelError("EEXIST", `module ${loaded.name} is already loaded`);
      }
      const module = this.makeModule(loaded);
      for (const [symbol, exported] of loaded.exports) {
        const owner = name === null ? null : loaded.name;
        if (!this.symbols.has(symbol)) this.symbols.set(symbol, { ...exported, owner });
      }
      return module;
    } catch (error) {
      this.space.release(loaded.base, loaded.size);
      throw error;
    }
  }

  private makeModule(loaded: LoadedModule): HostModule {
    const uses = [...loaded.uses].map((name) => this.used(loaded.name, name));
    const owner = this.options.pages.owner(`module ${loaded.name}`);
    const parts = storeParts(loaded.parts, this.options.pages, owner);
    const module = {
      loaded,
      parts,
      uses,
      usedBy: new Set<HostModule>(),
      domains: 0,
      forDomains: false,
      leaving: null,
    };
    this.owners.set(module, owner);
    return module;
  }

  /** What a module exports that is being taken out cannot be linked to any more. */
  private resolve(symbol: string): ResolvedSymbol | undefined {
    const found = this.symbols.get(symbol);
    const owner = found?.owner ?? null;
    return owner !== null && this.modules.get(owner)?.leaving ? undefined : found;
  }

  private used(by: string, name: string): HostModule {
    const found = this.modules.get(name);
    if (found === undefined) throw new KernelError("ENOENT", `module ${by} uses ${name}, which is not loaded`);
    return found;
  }

  private free(module: HostModule): void {
    const owner = this.owners.get(module);
    this.owners.delete(module);
    this.space.release(module.loaded.base, module.loaded.size);
    if (owner !== undefined) releaseParts(module.parts, this.options.pages, owner);
  }

  /** A few bytes of a file may stand for a gigabyte of zeros, which no domain could ever have. */
  private requireMemory(size: number): void {
    const room = this.options.pages.total * PAGE_SIZE - this.space.usedBytes;
    if (size > room) throw new KernelError("ENOMEM", `a module wants ${size} bytes, and there is memory for ${room}`);
  }

  private host(): ModuleHost {
    return {
      allocateAddress: (size) => {
        this.requireMemory(size);
        return __gva(this.space.allocate(size));
      },
      releaseAddress: (base, size) => this.space.release(base, size),
      resolve: (symbol) => this.resolve(symbol),
      hasFeature: this.options.hasFeature,
      perCpuBase: this.options.perCpuBase,
      log: (level, line) => this.options.log.printk(level, line),
    };
  }
}

/** A module's name as the kernel knows it: without directory and suffix, dashes as underscores. */
export function moduleName(name: string): string {
  return name
    .replace(/^.*\//, "")
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");
}

function isInUse(module: HostModule): boolean {
  return module.domains > 0 || module.usedBy.size > 0;
}

function hasAlias(loaded: LoadedModule, name: string): boolean {
  return loaded.modinfo.some(([key, value]) => key === "alias" && moduleName(value) === name);
}
