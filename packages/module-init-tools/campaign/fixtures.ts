import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeModule } from "../src/testing";
import { attribute, COMMON_NAME, pkcs7, signed } from "../src/testing/make-signature";

/** Small modules with everything that the tools look at, of each class and byte order. */
export function madeModules(): Uint8Array[] {
  const formats = [32, 64].flatMap((bits) => [true, false].map((bigEndian) => ({ bits: bits as 32 | 64, bigEndian })));
  const modules = formats.flatMap((format) =>
    (["symbols", "section"] as const).map((checksumsIn) =>
      makeModule({
        ...format,
        checksumsIn,
        exports: ["one", "two"],
        checksums: { one: 0x1234, two: 0xffff_ffff },
        unversionedExports: ["three"],
        imports: ["printk", "four"],
        weakImports: ["five"],
        versions: { printk: 0x92997ed8, module_layout: 1 },
        modinfo: [
          "license=GPL",
          "author=Jörg",
          "alias=pci:v00001234d*sv*sd*bc*sc*i*",
          "alias=char-major-10-200",
          "alias=devname:net/tun",
          "softdep=pre: one post: two",
          "depends=four",
          "parm=count:how often",
          "parmtype=count:int",
          "vermagic=6.1.0 SMP mod_unload modversions ",
        ],
      }),
    ),
  );
  const [first = new Uint8Array(0)] = modules;
  const message = pkcs7([attribute(COMMON_NAME, "Tester")]);
  return [...modules, signed([0, 0, 2, 0, 0], message, first), signed([1, 4, 1, 6, 3], [7, 8], first)];
}

/** Some of the example modules, compiled from C. */
export function compiledModules(folder: string): Uint8Array[] {
  return ["answer", "hello", "params", "test-modules/smash-protected"].map(
    (name) => new Uint8Array(readFileSync(join(folder, `${name}.ko`))),
  );
}

/** Some modules of a real kernel, none of the big ones. */
export function realModules(root: string, most: number): Uint8Array[] {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ko"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const step = Math.max(1, Math.floor(paths.length / most));
  return paths
    .filter((_, i) => i % step === 0)
    .map((path) => new Uint8Array(readFileSync(path)))
    .filter(({ length }) => length < 200_000);
}
