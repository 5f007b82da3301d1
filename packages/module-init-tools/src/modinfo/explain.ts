import { parseElf, readModinfo } from "elf-image";
import { FileError } from "../files/files";
import { type ModuleParameter, parametersOf } from "./parameters";
import { type ModuleSignature, readModuleSignature } from "./signature";

/** What a module says of itself. */
export interface ModuleInfo {
  /** Its `.modinfo`, in order: `license`, `alias`, `depends`, ...; keys repeat. */
  readonly entries: readonly (readonly [key: string, value: string])[];
  /** What `parm` and `parmtype` entries say together, the last mentioned first. */
  readonly parameters: readonly ModuleParameter[];
  /** The signature behind the module; not verified. */
  readonly signature: ModuleSignature | null;
}

/**
 * Explains a module: description, parameters, signature.
 *
 * @param bytes the whole file, decompressed (`decompressModule`)
 * @throws ElfError when it is no ELF file; FileError ENOENT when it has no `.modinfo`
 */
export function explainModule(bytes: Uint8Array): ModuleInfo {
  const image = parseElf(bytes, { tolerant: true });
  if (image.section(".modinfo") === undefined) throw new FileError("ENOENT", "the module has no .modinfo section");
  const entries = readModinfo(image);
  return { entries, parameters: parametersOf(entries).parameters, signature: readModuleSignature(bytes) };
}
