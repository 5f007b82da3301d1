import { SHT_RELA } from "elf-image";
import { KernelError } from "lcd-arch-x86";
import { invalidFormat } from "./format";
import type { Layout, PlacedSection } from "./layout";
import type { ModuleImage } from "./module-image";
import type { ModuleMemory } from "./module-memory";
import type { ExportedSymbol, ModuleHost } from "./types";

const TABLES = [
  { section: "__ksymtab", gplOnly: false },
  { section: "__ksymtab_gpl", gplOnly: true },
] as const;

/** How `struct kernel_symbol` is laid out: value, name and, since Linux 5.4, namespace. */
interface EntryLayout {
  /** 32-bit offsets that count from themselves (PREL32) instead of 64-bit pointers. */
  readonly relative: boolean;
  readonly size: number;
}

/**
 * Reads what the module exports, in any of the layouts that Linux has had, from its relocated memory.
 *
 * @throws KernelError ENOEXEC when the tables make no sense, or the host has such a symbol already
 */
export function readExports(
  image: ModuleImage,
  layout: Layout,
  base: bigint,
  memory: ModuleMemory,
  host: ModuleHost,
): Map<string, ExportedSymbol> {
  const exported = new Map<string, ExportedSymbol>();
  for (const { section: tableName, gplOnly } of TABLES) {
    // Of several with one name the kernel, too, takes the first.
    const placed = [...layout.sections.values()].find(({ section }) => section.name === tableName);
    if (placed === undefined || placed.section.size === 0) continue;
    const entry = entryLayout(image, placed);
    const start = base + BigInt(placed.offset);
    for (let at = 0; at < placed.section.size; at += entry.size) {
      const [name, symbol] = readEntry(memory, start + BigInt(at), entry, gplOnly);
      const owner = exported.has(name) ? { owner: image.name } : host.resolve(name);
      if (owner !== undefined) {
        const words = `${image.name}: exports duplicate symbol ${name} (owned by ${owner.owner ?? "kernel"})`;
        host.log("err", words);
        throw new KernelError("ENOEXEC", words);
      }
      exported.set(name, symbol);
    }
  }
  return exported;
}

function readEntry(
  memory: ModuleMemory,
  at: bigint,
  { relative, size }: EntryLayout,
  gplOnly: boolean,
): [string, ExportedSymbol] {
  const width = relative ? 4 : 8;
  const field = (index: number) => {
    const address = at + BigInt(index * width);
    return relative ? memory.relativePointer(address) : memory.pointer(address);
  };
  // Before Linux 5.4 there is none; later a pointer that is null says the same.
  const fields = size / width;
  const namespace = fields > 2 && !isZero(memory.view(at + BigInt(2 * width), width)) ? memory.text(field(2)) : "";
  return [memory.text(field(1)), { value: field(0), gplOnly, namespace }];
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The relocations of a table tell its layout: how wide they are, and how far apart the values are. */
function entryLayout({ elf, name }: ModuleImage, { section }: PlacedSection): EntryLayout {
  const table = elf.sections.find(({ type, info }) => type === SHT_RELA && info === section.index);
  const offsets = (table === undefined ? [] : elf.relocations(table))
    .map(({ offset }) => Number(offset))
    .sort((a, b) => a - b);
  const relative = offsets[1] === 4;
  // Every entry has a symbol of its own, `__ksymtab_<name>`.
  const starts = elf.symbols
    .filter((symbol) => symbol.sectionIndex === section.index && symbol.name.startsWith("__ksymtab_"))
    .map(({ value }) => Number(value))
    .sort((a, b) => a - b);
  const size = (starts[1] ?? section.size) - (starts[0] ?? 0);
  const width = relative ? 4 : 8;
  if (offsets[0] !== 0 || (size !== 2 * width && size !== 3 * width) || section.size % size !== 0) {
    throw invalidFormat(name, `the entries of ${section.name} have a layout that is not known`);
  }
  return { relative, size };
}
