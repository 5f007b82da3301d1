import { ElfError, type ElfImage, parseElf, readModinfo } from "elf-image";
import { exportedVersions } from "../depmod/symbol-versions";
import { isParameterKey, parametersOf } from "../modinfo/parameters";
import { readModuleSignature } from "../modinfo/signature";

/**
 * What there is to say about a module, to be compared with what there is to say about another: for each property its
 * values, each with a name of its own. What a module has once at most is named "".
 *
 * Properties are `size` (bytes), `damage`, `dependency`, `export` (by symbol, with its checksum), `parameter` (by name,
 * with type and description), `signer`, `signing key`, `signature hash`, and each key of `.modinfo`: `alias`,
 * `vermagic`, `srcversion`, `firmware`, ...
 */
export type Description = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Describes a module; a damaged one as far as possible.
 *
 * @param bytes the whole file, decompressed (`decompressModule`)
 */
export function describeModule(bytes: Uint8Array): Description {
  const description = new Describer();
  description.add("size", "", String(bytes.length));
  try {
    describe(bytes, description);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    description.add("damage", "", error.message);
  }
  return description.properties;
}

class Describer {
  readonly properties = new Map<string, Map<string, string>>();

  add(property: string, name: string, value: string): void {
    const values = this.properties.get(property) ?? new Map<string, string>();
    this.properties.set(property, values.set(name, value));
  }
}

function describe(bytes: Uint8Array, description: Describer): void {
  const image = parseElf(bytes);
  describeModinfo(readModinfo(image), description);
  for (const [symbol, checksum] of exportsOf(image)) description.add("export", symbol, checksum);
  const signature = readModuleSignature(bytes);
  if (signature === null) return;
  description.add("signer", "", signature.signer);
  description.add("signing key", "", hex(signature.key));
  description.add("signature hash", "", signature.hash);
}

/** Keys of `.modinfo` that a module may have several times; it has the others once, or the last one counts. */
const LISTS: readonly string[] = ["alias", "author", "firmware", "import_ns", "softdep"];

function describeModinfo(entries: readonly (readonly [key: string, value: string])[], description: Describer): void {
  const { parameters } = parametersOf(entries);
  for (const { name, type, description: text } of parameters) {
    description.add("parameter", name, [type, text].filter((part) => part !== null).join(": "));
  }
  for (const [key, value] of entries) {
    if (isParameterKey(key)) continue;
    if (key === "depends") for (const name of namesIn(value)) description.add("dependency", name, "");
    else if (LISTS.includes(key)) description.add(key, value, "");
    else description.add(key, "", value);
  }
}

function namesIn(depends: string): string[] {
  return depends.split(",").filter((name) => name !== "");
}

/** Modules that export something have the names in a section; of the others the symbols need not be read. */
function exportsOf(image: ElfImage): [symbol: string, checksum: string][] {
  if (image.section("__ksymtab_strings") === undefined) return [];
  const versions = exportedVersions(image) ?? [];
  return versions.map(({ name, version }) => [name, `0x${version.toString(16).padStart(8, "0")}`]);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
