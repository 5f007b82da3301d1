import { type ElfSection, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS } from "elf-image";
import { PAGE_SIZE } from "lcd-arch-x86";
import { invalidFormat } from "./format";
import type { ModulePart } from "./types";

/** Where each section goes, as offsets from the start of the module. */
export interface Layout {
  readonly parts: readonly PlannedPart[];
  /** By section index; sections that are not loaded have none. */
  readonly sections: ReadonlyMap<number, PlacedSection>;
  /** Room for parameter strings: the bytes after the data sections. */
  readonly strings: { readonly offset: number; readonly size: number };
  /** A multiple of the page size. */
  readonly size: number;
}

export interface PlannedPart extends Pick<ModulePart, "kind" | "init"> {
  readonly offset: number;
  readonly size: number;
}

export interface PlacedSection {
  readonly section: ElfSection;
  readonly offset: number;
}

/** Read while loading and not needed in memory, or only for a debugger. */
const NOT_LOADED = /^(\.modinfo|__versions|__kcrctab(_gpl)?|\.orc_unwind(_ip|_header)?)$/;

const WRITE_EXEC = SHF_WRITE | SHF_EXECINSTR;

/** The order in memory. What init alone needs comes last; Linux could free it there. */
const ORDER: readonly Pick<ModulePart, "kind" | "init">[] = [
  { kind: "text", init: false },
  { kind: "rodata", init: false },
  { kind: "data", init: false },
  { kind: "text", init: true },
  { kind: "rodata", init: true },
  { kind: "data", init: true },
];

/**
 * Plans the module's memory: sections of one protection together, each group on pages of its own.
 *
 * @param stringRoom bytes to keep free for parameter strings
 * @throws KernelError ENOEXEC when a section is writable and executable, or wants more alignment than memory has
 */
export function planLayout(module: string, sections: readonly ElfSection[], stringRoom: number): Layout {
  const placed = new Map<number, PlacedSection>();
  const parts: PlannedPart[] = [];
  const loaded = sections.filter(({ flags, name }) => (flags & SHF_ALLOC) !== 0n && !NOT_LOADED.test(name));
  for (const { name, flags } of loaded) {
    if ((flags & WRITE_EXEC) === WRITE_EXEC) throw invalidFormat(module, `section ${name} is writable and executable`);
  }
  let strings = { offset: 0, size: 0 };
  let end = 0;
  for (const { kind, init } of ORDER) {
    const start = end;
    for (const section of loaded) {
      if (kindOf(section) !== kind || section.name.startsWith(".init") !== init) continue;
      if (section.alignment > PAGE_SIZE) {
        throw invalidFormat(module, `section ${section.name} wants an alignment of ${section.alignment} bytes`);
      }
      const offset = roundUp(end, section.alignment);
      placed.set(section.index, { section, offset });
      end = offset + section.size;
    }
    if (kind === "data" && !init && stringRoom > 0) {
      strings = { offset: end, size: stringRoom };
      end += stringRoom;
    }
    end = roundUp(end, PAGE_SIZE);
    if (end > start) parts.push({ kind, init, offset: start, size: end - start });
  }
  return { parts, sections: placed, strings, size: end };
}

/** Copies the sections into their parts; what the file does not have is zero. */
export function fillPart(layout: Layout, part: PlannedPart): Uint8Array {
  const bytes = new Uint8Array(part.size);
  for (const { section, offset } of layout.sections.values()) {
    if (section.type === SHT_NOBITS || offset < part.offset || offset + section.size > part.offset + part.size)
      continue;
    bytes.set(section.data(), offset - part.offset);
  }
  return bytes;
}

function kindOf({ flags }: ElfSection): ModulePart["kind"] {
  if ((flags & SHF_EXECINSTR) !== 0n) return "text";
  return (flags & SHF_WRITE) !== 0n ? "data" : "rodata";
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
