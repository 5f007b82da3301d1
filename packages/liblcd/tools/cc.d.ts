interface CommonOptions {
  /** A compiler by its path; otherwise gcc or clang, whichever is on the PATH first. */
  compiler?: string;
  /** Where programs are looked for, as in $PATH. */
  path?: string;
  /** Told each command before it runs: program, then arguments. */
  onCommand?: (command: readonly string[]) => void;
}

interface SourceOptions extends CommonOptions {
  /** C or assembly files. */
  sources: readonly string[];
  /** More compiler flags, for these sources only. */
  flags?: readonly string[];
}

export interface CompileOptions extends SourceOptions {
  /** Where the module goes, `something.ko`. */
  output: string;
  /** The module's name; otherwise that of `output`, with `_` for `-`. */
  name?: string;
  /** Whether liblcd is linked in, as far as the sources use it. Default: true. */
  withLiblcd?: boolean;
  /** What `archiveLiblcd` has made, when many modules are compiled; otherwise it is made for this one. */
  library?: string;
}

export interface CompileResult {
  name: string;
  output: string;
  /** What compiler and linker had to say. Empty when all is well. */
  warnings: string;
}

/** The message is for people; for EFAILED it is the compiler's own. */
export class CompileError extends Error {
  readonly code: "ENOCOMPILER" | "ENOSOURCE" | "ENAME" | "EFAILED";
}

/** The path of gcc or clang. @throws CompileError ENOCOMPILER */
export function findCompiler(path?: string): Promise<string>;

/** Module name of a file: `my-module.ko` is `my_module`. */
export function moduleName(file: string): string;

/** Compiles liblcd into an archive, of which each module takes what it uses. @throws CompileError */
export function archiveLiblcd(options: CommonOptions & { output: string }): Promise<void>;

/**
 * Compiles a kernel module for a domain, with nothing but a compiler and this package's headers and sources.
 * Writes `output` only when all went well. The same sources and compiler give the same bytes.
 *
 * @throws CompileError
 */
export function compileModule(options: CompileOptions): Promise<CompileResult>;

export interface ObjectOptions extends SourceOptions {
  /** Where the objects go: a folder with nothing else in it, made when it is not there. */
  directory: string;
  /** The module that they are for. */
  name: string;
  /** Told what the compiler has to say when it succeeds. */
  onWarning?: (text: string) => void;
}

/** Compiles sources, as for a module, without linking them. Resolves to the object files. @throws CompileError */
export function compileObjects(options: ObjectOptions): Promise<string[]>;
