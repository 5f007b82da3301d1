import { type ElfSymbol, SHN_ABS, SHN_COMMON, SHN_UNDEF, STB_WEAK } from "elf-image";
import { __gva, KernelError } from "lcd-arch-x86";
import { invalidFormat } from "./format";
import type { Layout } from "./layout";
import type { ModuleImage } from "./module-image";
import { isParameterOps } from "./parameters/types";
import type { ModuleHost, ResolvedSymbol } from "./types";

/** What every symbol of a module stands for. */
export interface LinkedSymbols {
  /** By symbol index; `null` for a symbol in a section that is not loaded. */
  readonly values: readonly (bigint | null)[];
  /** The modules that undefined symbols were found in. */
  readonly uses: ReadonlySet<string>;
}

const PER_CPU_SECTION = ".data..percpu";
/** What some assemblers leave behind without using it. */
const IGNORED_UNDEFINED = "_GLOBAL_OFFSET_TABLE_";
/** Linux, `license_is_gpl_compatible`. */
const GPL_COMPATIBLE = ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/**
 * Gives every symbol its value: defined ones from the layout, undefined ones from the host.
 *
 * @throws KernelError ENOENT when symbols are unknown, each logged in the loader's words; EINVAL for a symbol of a
 *   namespace that the module does not import; ENOEXEC for common symbols and values outside their section
 */
export function linkSymbols(image: ModuleImage, layout: Layout, base: bigint, host: ModuleHost): LinkedSymbols {
  const { elf, name } = image;
  const uses = new Set<string>();
  const unknown: string[] = [];
  const isGpl = isGplCompatible(image);
  const imported = new Set(image.modinfo.flatMap(([key, value]) => (key === "import_ns" ? [value] : [])));
  const values = elf.symbols.map((symbol, index) => {
    if (index === 0) return 0n;
    switch (symbol.sectionIndex) {
      case SHN_ABS:
        return symbol.value;
      case SHN_COMMON:
        throw invalidFormat(name, `symbol ${symbol.name} is a common symbol; compile with -fno-common`);
      case SHN_UNDEF:
        return undefinedSymbol(symbol);
      default:
        return definedSymbol(symbol);
    }
  });
  if (unknown.length > 0) throw unknownSymbols(name, unknown);
  return { values, uses };

  function definedSymbol(symbol: ElfSymbol): bigint | null {
    const placed = layout.sections.get(symbol.sectionIndex);
    if (placed === undefined) return null;
    const { section, offset } = placed;
    if (symbol.value > BigInt(section.size)) {
      throw invalidFormat(
        name,
        `symbol ${symbol.name} is at ${symbol.value} of section ${section.name}, which has ${section.size} bytes`,
      );
    }
    const address = base + BigInt(offset) + symbol.value;
    // Code adds the GS base to the address of a per-cpu variable.
    return section.name === PER_CPU_SECTION ? BigInt.asUintN(64, address - host.perCpuBase) : address;
  }

  function undefinedSymbol(symbol: ElfSymbol): bigint {
    const found = host.resolve(symbol.name);
    if (found !== undefined && mayUse(symbol.name, found)) {
      if (found.owner !== null) uses.add(found.owner);
      return found.value;
    }
    // The loader sets parameters itself: it needs the names of these, not their addresses.
    const needed = symbol.binding !== STB_WEAK && symbol.name !== IGNORED_UNDEFINED && !isParameterOps(symbol.name);
    if (needed) {
      host.log("err", `${name}: Unknown symbol ${symbol.name} (err -2)`);
      unknown.push(symbol.name);
    }
    return 0n;
  }

  function mayUse(symbol: string, found: ResolvedSymbol): boolean {
    if (found.gplOnly === true && !isGpl) return false;
    const namespace = found.namespace ?? "";
    if (namespace === "" || imported.has(namespace)) return true;
    const line = `module ${name} uses symbol ${symbol} from namespace ${namespace}, but does not import it.`;
    host.log("err", line);
    throw new KernelError("EINVAL", line);
  }
}

/** Address of a global symbol that the module defines in memory, such as `init_module`. */
export function definedAddress(
  image: ModuleImage,
  linked: LinkedSymbols,
  name: string,
): ReturnType<typeof __gva> | null {
  const index = image.elf.symbols.findIndex((symbol) => symbol.name === name && symbol.sectionIndex !== SHN_UNDEF);
  const value = linked.values[index];
  return value === undefined || value === null ? null : __gva(value);
}

function isGplCompatible({ modinfo }: ModuleImage): boolean {
  return modinfo.some(([key, value]) => key === "license" && GPL_COMPATIBLE.includes(value));
}

function unknownSymbols(module: string, names: readonly string[]): KernelError {
  const [first, ...rest] = names;
  const more =
    rest.length === 0
      ? ""
      : ` and ${rest.length} more: ${rest.slice(0, 9).join(", ")}${rest.length > 9 ? ", ..." : ""}`;
  return new KernelError("ENOENT", `${module}: Unknown symbol ${first} (err -2)${more}`);
}
