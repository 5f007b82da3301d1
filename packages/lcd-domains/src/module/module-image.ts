import { ElfError, type ElfImage, EM_X86_64, ET_REL, parseElf, readModinfo, SHT_NOBITS, SHT_NULL } from "elf-image";
import { invalidFormat } from "./format";

/** An image that has the form of a module for this machine. */
export interface ModuleImage {
  readonly elf: ElfImage;
  readonly name: string;
  readonly modinfo: readonly (readonly [key: string, value: string])[];
}

/** Linux's `MODULE_NAME_LEN`, with the NUL. */
const NAME_LENGTH = 56;
/** Where `struct module` has its name: after its state and its list head. */
const NAME_IN_STRUCT_MODULE = 24;

/**
 * Reads an image and checks that it is a relocatable 64-bit x86-64 file.
 *
 * @param fallbackName the name when the image has none
 * @throws KernelError ENOEXEC
 */
export function openModuleImage(bytes: Uint8Array, fallbackName: string): ModuleImage {
  const asked = normalizeName(fallbackName);
  return refusing(asked, () => {
    const elf = parseElf(bytes);
    if (elf.class !== 64) throw new ElfError(`it is an ELF${elf.class} file, and modules are ELF64`);
    if (!elf.littleEndian) throw new ElfError("it is a big-endian file, and x86-64 is little-endian");
    if (elf.machine !== EM_X86_64)
      throw new ElfError(`it is for machine ${elf.machine}, not for x86-64 (${EM_X86_64})`);
    if (elf.type !== ET_REL) throw new ElfError(`its type is ${elf.type}; a module is a relocatable file (${ET_REL})`);
    refuseOverlap(elf, bytes.length);
    const modinfo = readModinfo(elf);
    const name = modinfo.find(([key]) => key === "name")?.[1] ?? nameInStructModule(elf) ?? asked;
    if (!/^[\w.+-]+$/.test(name) || name.length >= NAME_LENGTH) {
      throw new ElfError(`its name, ${JSON.stringify(name.slice(0, NAME_LENGTH))}, is no module name`);
    }
    return { elf, name: normalizeName(name), modinfo };
  });
}

/** Thousands of sections may share one place in a small file: what is done for each byte of each would never end. */
function refuseOverlap({ sections }: ElfImage, fileSize: number): void {
  const inFile = sections.filter(({ type }) => type !== SHT_NOBITS && type !== SHT_NULL);
  const size = inFile.reduce((sum, section) => sum + section.size, 0);
  if (size > fileSize) throw new ElfError(`its sections overlap: they have ${size} bytes, and the file ${fileSize}`);
}

/** Runs `read`, turning what elf-image refuses into the loader's words. */
export function refusing<T>(module: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) throw invalidFormat(module, error.message, error);
    throw error;
  }
}

/** Module names have underscores where file names may have dashes. */
function normalizeName(name: string): string {
  return name.replaceAll("-", "_");
}

function nameInStructModule(elf: ElfImage): string | undefined {
  const bytes = elf.section(".gnu.linkonce.this_module")?.data().subarray(NAME_IN_STRUCT_MODULE);
  const end = bytes?.subarray(0, NAME_LENGTH).indexOf(0) ?? -1;
  return bytes === undefined || end <= 0 ? undefined : String.fromCharCode(...bytes.subarray(0, end));
}
