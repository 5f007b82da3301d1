import { CommandError } from "../errors";
import { didYouMean } from "../suggest";

/** What `diffTrees` compares, and the keys of `.modinfo` that kernels and distributions use. */
const PROPERTIES = [
  "path",
  "size",
  "contents",
  "damage",
  "dependency",
  "export",
  "parameter",
  "signer",
  "signing key",
  "signature hash",
  "alias",
  "author",
  "depends",
  "description",
  "firmware",
  "import_ns",
  "intree",
  "license",
  "livepatch",
  "name",
  "retpoline",
  "rhelversion",
  "softdep",
  "srcversion",
  "staging",
  "supported",
  "suserelease",
  "vermagic",
  "version",
];

/** @throws CommandError for a property that no module has: leaving it out, or all others, would hide differences */
export function checkProperties(words: readonly string[]): void {
  const unknown = words.find((word) => !PROPERTIES.includes(word));
  if (unknown === undefined) return;
  throw new CommandError(
    `modules have no property "${unknown}"${didYouMean(unknown, PROPERTIES)}; they have ${PROPERTIES.join(", ")}`,
  );
}
