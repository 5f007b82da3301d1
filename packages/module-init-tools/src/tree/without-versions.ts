import { ElfError, parseElf } from "elf-image";

/** Which of a module's versions the kernel shall not see. */
export interface ForceOptions {
  /** The kernel that it was built for. */
  readonly forceVermagic: boolean;
  /** The versions of the symbols that it uses. */
  readonly forceModversion: boolean;
}

export const NO_FORCE: ForceOptions = { forceVermagic: false, forceModversion: false };

const VERMAGIC = new TextEncoder().encode("vermagic=");

/** SHF_ALLOC: the section is part of the module in memory (System V ABI, "Section Attribute Flags"). */
const SHF_ALLOC = 2;

/** A module without its versions; other sections stay where they are. What is no module stays as it is. */
export function withoutVersions(image: Uint8Array, { forceVermagic, forceModversion }: ForceOptions): Uint8Array {
  if (!forceVermagic && !forceModversion) return image;
  const copy = image.slice();
  try {
    if (forceVermagic) blankVermagic(copy);
    if (forceModversion) hideVersions(copy);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
  }
  return copy;
}

/** Zeros in place of the first `vermagic` entry of `.modinfo`, as kmod does it. */
function blankVermagic(image: Uint8Array): void {
  const modinfo = parseElf(image, { tolerant: true }).section(".modinfo")?.data() ?? new Uint8Array(0);
  for (let start = 0; start < modinfo.length; ) {
    const nul = modinfo.indexOf(0, start);
    const end = nul < 0 ? modinfo.length : nul;
    if (VERMAGIC.every((byte, i) => modinfo[start + i] === byte)) {
      modinfo.fill(0, start, end);
      return;
    }
    start = end + 1;
  }
}

/** The kernel does not look at a `__versions` that is not part of the module in memory. */
function hideVersions(image: Uint8Array): void {
  const elf = parseElf(image, { tolerant: true });
  const section = elf.section("__versions");
  if (section === undefined) return;
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  // Where the headers are, and the low word of their flags (System V ABI, "ELF Header", "Section Header").
  const headers =
    elf.class === 64 ? Number(view.getBigUint64(40, elf.littleEndian)) : view.getUint32(32, elf.littleEndian);
  const size = elf.class === 64 ? 64 : 40;
  const flags = headers + section.index * size + 8 + (elf.class === 64 && !elf.littleEndian ? 4 : 0);
  view.setUint32(flags, view.getUint32(flags, elf.littleEndian) & ~SHF_ALLOC, elf.littleEndian);
}
