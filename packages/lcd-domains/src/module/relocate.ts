import { type ElfSection, relocateX86_64, SHN_UNDEF, SHT_REL, SHT_RELA } from "elf-image";
import { invalidFormat } from "./format";
import type { Layout } from "./layout";
import type { LinkedSymbols } from "./link-symbols";
import { type ModuleImage, refusing } from "./module-image";
import type { ModuleMemory } from "./module-memory";

/** Relocations by the address that they change: the name of the symbol that they refer to. */
export type RelocatedNames = ReadonlyMap<bigint, string>;

/** The symbols of others whose relocations are looked at again: calls that are patched, types of parameters. */
const REMEMBERED = /^(__fentry__|__x86_return_thunk|__x86_indirect_thunk_\w+|param_(array_)?ops\w*)$/;

/**
 * Applies all relocations of the sections that are loaded.
 *
 * @throws KernelError ENOEXEC for one that does not fit, is unknown, or refers to what is not loaded
 */
export function applyRelocations(
  image: ModuleImage,
  layout: Layout,
  base: bigint,
  linked: LinkedSymbols,
  memory: ModuleMemory,
): RelocatedNames {
  const names = new Map<bigint, string>();
  for (const table of image.elf.sections) {
    const placed = layout.sections.get(table.info);
    if (placed === undefined) continue;
    if (table.type === SHT_REL) throw invalidFormat(image.name, `${table.name} has relocations without addends`);
    if (table.type !== SHT_RELA) continue;
    const start = base + BigInt(placed.offset);
    const contents = memory.view(start, placed.section.size);
    refusing(image.name, () => relocateSection(image, table, linked, start, contents, names));
  }
  return names;
}

function relocateSection(
  image: ModuleImage,
  table: ElfSection,
  linked: LinkedSymbols,
  start: bigint,
  contents: Uint8Array,
  names: Map<bigint, string>,
): void {
  const { elf, name } = image;
  for (const { offset, type, symbol: index, addend } of elf.relocations(table)) {
    const value = linked.values[index];
    const symbol = elf.symbols[index];
    if (value === undefined || value === null || symbol === undefined) {
      const section = elf.sections[symbol?.sectionIndex ?? 0]?.name;
      throw invalidFormat(name, `${table.name} refers to ${symbol?.name} in section ${section}, which is not loaded`);
    }
    const place = start + offset;
    try {
      relocateX86_64(contents, { type, offset: Number(offset), place, symbol: value, addend });
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw invalidFormat(name, `in ${elf.sections[table.info]?.name}, symbol ${symbol.name}: ${words}`, error);
    }
    if (symbol.sectionIndex === SHN_UNDEF && REMEMBERED.test(symbol.name)) names.set(place, symbol.name);
  }
}
