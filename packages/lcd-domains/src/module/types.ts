/** What the module loader takes and what it gives: numbers and bytes; who stores and maps them is not its concern. */
import type { gva_t } from "lcd-arch-x86";

/** A module to load. */
export interface LoadRequest {
  /** The ELF image, uncompressed: hostile input. */
  readonly image: Uint8Array;
  /** The name to use when the image itself has none (`foo` for `foo.ko`). */
  readonly name: string;
  /** Parameters as on modprobe's command line: `count=3 name="a b" verbose`. */
  readonly options: string;
}

/** What the loader needs from the kernel that it runs in. */
export interface ModuleHost {
  /**
   * Reserves address space for a module.
   *
   * @param size bytes, a multiple of 4096, at most {@link MODULE_SPACE_SIZE}
   * @returns a page-aligned address in module space
   * @throws KernelError ENOMEM when there is no such space, or no memory for what would go there
   */
  allocateAddress(size: number): gva_t;
  /** Takes back what `allocateAddress` gave: called when the load fails after it. */
  releaseAddress(base: gva_t, size: number): void;
  /** Finds what loaded modules and the host's own table export. */
  resolve(symbol: string): ResolvedSymbol | undefined;
  /** Whether the processor has a feature, by its number in Linux's `cpufeatures.h` (word * 32 + bit). */
  hasFeature(feature: number): boolean;
  /** Address that `%gs` has in a domain: per-cpu symbols are offsets from it. */
  readonly perCpuBase: gva_t;
  /** One line for the kernel's log, without a newline. */
  log(level: LogLevel, line: string): void;
}

export type LogLevel = "err" | "warn" | "info";

/** A symbol that a module may link to. */
export interface ResolvedSymbol {
  readonly value: gva_t;
  /** The module that exports it; `null` for the host's table, which needs no reference count. */
  readonly owner: string | null;
  /** Exported to GPL-compatible modules only. */
  readonly gplOnly?: boolean;
  /** Symbol namespace that an importer must name in its modinfo (`import_ns`). */
  readonly namespace?: string;
}

/** A module as it lies in memory: laid out, linked, relocated, its parameters set. Nothing of it has run. */
export interface LoadedModule {
  readonly name: string;
  /** Where the first part begins; page-aligned. */
  readonly base: gva_t;
  /** Bytes from `base` to the end of the last part; a multiple of 4096. */
  readonly size: number;
  /** In ascending order of address, page-aligned, without gaps. */
  readonly parts: readonly ModulePart[];
  /** `init_module`; `null` when the module has none. */
  readonly init: gva_t | null;
  /** `cleanup_module`; `null` when the module has none. */
  readonly exit: gva_t | null;
  /** What other modules may link to, by name. */
  readonly exports: ReadonlyMap<string, ExportedSymbol>;
  /** Every defined symbol that has a place in memory, by ascending address. */
  readonly symbols: readonly ModuleSymbol[];
  /** Where an address is: the symbol that it belongs to and the bytes from its start. */
  symbolAt(address: gva_t): { readonly symbol: ModuleSymbol; readonly offset: bigint } | undefined;
  /** Names of the modules whose symbols this one uses. */
  readonly uses: ReadonlySet<string>;
  readonly parameters: readonly ModuleParameter[];
  /** The `.modinfo` entries, in order: `["license", "GPL"]`. */
  readonly modinfo: readonly (readonly [key: string, value: string])[];
}

/** A run of pages with one protection. */
export interface ModulePart {
  /** `text` is executable and `rodata` read-only: all domains can share them. `data` is writable: one copy each. */
  readonly kind: "text" | "rodata" | "data";
  /** Needed only until init has returned. */
  readonly init: boolean;
  readonly address: gva_t;
  /** The relocated contents; a multiple of 4096 bytes. */
  readonly bytes: Uint8Array;
}

export interface ExportedSymbol {
  readonly value: gva_t;
  readonly gplOnly: boolean;
  /** Empty when the symbol is in no namespace. */
  readonly namespace: string;
}

export interface ModuleSymbol {
  readonly name: string;
  readonly address: gva_t;
  /** Bytes; 0 when the symbol table does not say. */
  readonly size: number;
  readonly kind: "function" | "object" | "other";
  readonly binding: "local" | "global" | "weak";
}

/** A parameter that the module declares (`module_param`). */
export interface ModuleParameter {
  readonly name: string;
  /** `int`, `charp`, `array of int` ...; `custom` when the module has its own code to set it. */
  readonly type: string;
  /** Mode bits of its file in sysfs; 0 when it has none. */
  readonly permissions: number;
  /** From the modinfo entry `parm`; empty when there is none. */
  readonly description: string;
}

/** First address of module space, and its bytes (Linux, x86-64, Documentation/x86/x86_64/mm). */
export const MODULE_SPACE_START = 0xffffffffa0000000n;
export const MODULE_SPACE_SIZE = 0x5f000000;
