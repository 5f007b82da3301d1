import { type ElfSymbol, STB_GLOBAL, STB_WEAK, STT_FILE, STT_FUNC, STT_OBJECT, STT_SECTION } from "elf-image";
import { __gva } from "lcd-arch-x86";
import type { Layout } from "./layout";
import type { LinkedSymbols } from "./link-symbols";
import type { ModuleImage } from "./module-image";
import type { ModuleSymbol } from "./types";

/** The named places of a module in memory, by address; of several at one address functions and data, then globals first. */
export function listSymbols({ elf }: ModuleImage, layout: Layout, linked: LinkedSymbols): ModuleSymbol[] {
  const symbols: ModuleSymbol[] = [];
  elf.symbols.forEach((symbol, index) => {
    const value = linked.values[index];
    const isPlace = symbol.name !== "" && symbol.type !== STT_SECTION && symbol.type !== STT_FILE;
    if (!isPlace || value === undefined || value === null || !layout.sections.has(symbol.sectionIndex)) return;
    symbols.push({
      name: symbol.name,
      address: __gva(value),
      size: Number(symbol.size),
      kind: symbol.type === STT_FUNC ? "function" : symbol.type === STT_OBJECT ? "object" : "other",
      binding: bindingOf(symbol),
    });
  });
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : rank(a) - rank(b)));
}

function bindingOf({ binding }: ElfSymbol): ModuleSymbol["binding"] {
  return binding === STB_GLOBAL ? "global" : binding === STB_WEAK ? "weak" : "local";
}

function rank({ kind, binding }: ModuleSymbol): number {
  return (kind === "other" ? 2 : 0) + (binding === "local" ? 1 : 0);
}
