import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getHeapCodeStatistics, setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/**
 * Flags that change while a command runs (optimizer.ts, and the first machine turns on branch hints). V8 takes back only
 * code that was kept under the flags that it has when it is given it.
 */
const flags = ["--no-opt", "--experimental-wasm-branch-hinting"];
const setFlags = (): void => flags.forEach((flag) => setFlagsFromString(flag));

/** Code is kept anew when a process has so many times as much as there was before: it has called other functions. */
const GROWN = 1.2;

/** What is kept of a file: its source, because V8 itself compares only the length; how much code there was; the code. */
interface Kept {
  /** Bytes of code that the process had which kept this. */
  readonly size: number;
  readonly code: Buffer;
}
const SIZE_BYTES = 8;

/**
 * Loads a CommonJS file as `require` does, but with the code that V8 has made of it in an earlier process: half of the
 * time of a short command would go into reading the source, and again each of its functions when it is first called.
 *
 * @param file path of the file
 * @param keptIn path of what is kept of it; written at the end of the process when what was there is of little use
 * @returns what the file exports
 */
export function loadKept(file: string, keptIn: string): unknown {
  const load = createRequire(file);
  // Source maps are looked for by what loads modules.
  if (process.env.LCD_DEBUG === "1") return load(file);
  setFlags();
  const source = readFileSync(file);
  const kept = readKept(source, keptIn);
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const script = new Script(wrapped, { filename: file, cachedData: kept?.code });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, load, module, file, dirname(file));
  const before = script.cachedDataRejected ? 0 : (kept?.size ?? 0);
  process.once("exit", () => {
    if (codeSize() > GROWN * before) keep(script, source, keptIn);
  });
  return module.exports;
}

const codeSize = (): number => getHeapCodeStatistics().bytecode_and_metadata_size;

/** Null when nothing has been kept of this very source. */
function readKept(source: Buffer, keptIn: string): Kept | null {
  try {
    const bytes = readFileSync(keptIn);
    const rest = bytes.subarray(source.length);
    const isOfSource = rest.length > SIZE_BYTES && source.equals(bytes.subarray(0, source.length));
    return isOfSource ? { size: rest.readDoubleLE(0), code: rest.subarray(SIZE_BYTES) } : null;
  } catch {
    return null;
  }
}

/** Keeps the functions of a script that have been called. Where that cannot be written, nothing is kept. */
function keep(script: Script, source: Buffer, keptIn: string): void {
  setFlags();
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeDoubleLE(codeSize());
  try {
    mkdirSync(dirname(keptIn), { recursive: true });
    const unfinished = `${keptIn}.${process.pid}`;
    // V8 trusts what it is given: it must be whole, also when the computer loses its power now.
    writeFileSync(unfinished, Buffer.concat([source, size, script.createCachedData()]), { flush: true });
    renameSync(unfinished, keptIn);
  } catch {}
}
