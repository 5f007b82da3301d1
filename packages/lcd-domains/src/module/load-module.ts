import { SHT_RELA, SymbolMap } from "elf-image";
import { __gva, type gva_t, KernelError } from "lcd-arch-x86";
import { readExports } from "./exports";
import { fillPart, type Layout, planLayout } from "./layout";
import { definedAddress, linkSymbols } from "./link-symbols";
import { type ModuleImage, openModuleImage, refusing } from "./module-image";
import { ModuleMemory } from "./module-memory";
import { readDeclarations } from "./parameters/declarations";
import { parseOptions } from "./parameters/options";
import { setParameters, stringRoom } from "./parameters/set-parameters";
import { applyAlternatives } from "./patches/alternatives";
import { CALL_SITE_SECTIONS } from "./patches/call-sites";
import type { LoadedSection, Patchable } from "./patches/patchable";
import { applyRelocations } from "./relocate";
import { listSymbols } from "./symbol-list";
import { type LoadedModule, type LoadRequest, MODULE_SPACE_SIZE, type ModuleHost, type ModuleSymbol } from "./types";

/**
 * Loads a module: from an ELF image to memory that a domain can map. Nothing of the module runs.
 *
 * The image is hostile: whatever is wrong with it ends in an error, and then nothing is left behind.
 *
 * @param open takes the image apart; a host that loads often has one that remembers
 * @throws KernelError ENOEXEC for an image that is no module or is damaged; ENOENT for unknown symbols and parameters;
 *   EINVAL, ERANGE, ENOSPC for parameter values; EINVAL for a namespace that is not imported; ENOMEM
 * @see seed 000, SETUP; docs/module-loading.md, "Loading it"
 */
export function loadModule(request: LoadRequest, host: ModuleHost, open = openModuleImage): LoadedModule {
  const image = open(request.image, request.name);
  const options = parseOptions(request.options);
  const hasParameters = image.elf.section("__param") !== undefined;
  const layout = refusing(image.name, () =>
    planLayout(image.name, image.elf.sections, hasParameters ? stringRoom(options) : 0),
  );
  if (layout.size > MODULE_SPACE_SIZE) {
    throw new KernelError("ENOMEM", `${image.name}: it wants ${layout.size} bytes, more than all of module space`);
  }
  const base = host.allocateAddress(layout.size);
  try {
    return refusing(image.name, () => linkAt(base, image, layout, options, host));
  } catch (error) {
    host.releaseAddress(base, layout.size);
    throw error;
  }
}

function linkAt(
  base: gva_t,
  image: ModuleImage,
  layout: Layout,
  options: ReturnType<typeof parseOptions>,
  host: ModuleHost,
): LoadedModule {
  const linked = linkSymbols(image, layout, base, host);
  const parts = layout.parts.map((part) => ({
    kind: part.kind,
    init: part.init,
    address: __gva(base + BigInt(part.offset)),
    bytes: fillPart(layout, part),
  }));
  const memory = new ModuleMemory(image.name, parts);
  const names = applyRelocations(image, layout, base, linked, memory);
  patchCode(image, layout, base, {
    module: image.name,
    memory,
    names,
    hasFeature: (feature) => host.hasFeature(feature),
  });
  const exports = readExports(image, layout, base, memory, host);
  const declarations = readDeclarations(image, layout, base, memory, names);
  const strings = { address: base + BigInt(layout.strings.offset), size: layout.strings.size };
  const log: ModuleHost["log"] = (level, line) => host.log(level, line);
  setParameters({ module: image.name, declarations, memory, names, strings, log }, options);
  const symbols = listSymbols(image, layout, linked);
  let symbolMap: SymbolMap<ModuleSymbol> | undefined;
  return {
    name: image.name,
    base,
    size: layout.size,
    parts,
    init: definedAddress(image, linked, "init_module"),
    exit: definedAddress(image, linked, "cleanup_module"),
    exports,
    symbols,
    symbolAt: (address) => {
      symbolMap ??= new SymbolMap(symbols);
      return symbolMap.lookup(address);
    },
    uses: linked.uses,
    parameters: declarations.map(({ name, type, permissions, description }) => ({
      name,
      type,
      permissions,
      description,
    })),
    modinfo: image.modinfo,
  };
}

/** Fits the code to the processor: alternatives first, as what they put in may be call sites. */
function patchCode(image: ModuleImage, layout: Layout, base: gva_t, target: Patchable): void {
  const loaded = (name: string): LoadedSection[] =>
    [...layout.sections.values()]
      .filter(({ section }) => section.name === name && section.size > 0)
      .map(({ section: { size }, offset }) => {
        const address = base + BigInt(offset);
        return { address, end: address + BigInt(size), size };
      });
  const spacing = alternativeSpacing(image);
  for (const section of loaded(".altinstructions")) applyAlternatives(target, section, spacing);
  for (const [name, patch] of CALL_SITE_SECTIONS) {
    for (const section of loaded(name)) patch(target, section);
  }
}

/** Each entry of `.altinstructions` begins with two relocations, 4 bytes apart: the third one is in the next entry. */
function alternativeSpacing({ elf }: ModuleImage): number | undefined {
  const section = elf.section(".altinstructions");
  const table = elf.sections.find(({ type, info }) => type === SHT_RELA && info === section?.index);
  const third = table === undefined ? undefined : elf.relocations(table)[2];
  return third === undefined ? undefined : Number(third.offset);
}
