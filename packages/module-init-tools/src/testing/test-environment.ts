import type { LcdLoadModule } from "lcd-domains/uapi";
import type { ToolEnvironment } from "../environment";
import { FileError } from "../files/files";
import { type MemoryFiles, memoryFiles } from "../files/memory-files";

/** An environment in memory that remembers what the tools did. */
export interface TestEnvironment extends ToolEnvironment {
  readonly files: MemoryFiles;
  /** Everything written to standard output so far. */
  readonly output: () => string;
  /** Everything written to standard error so far. */
  readonly errors: () => string;
  /** What was handed to the driver, in order; refused modules too. */
  readonly loaded: readonly LcdLoadModule[];
  /** Every ioctl number used. */
  readonly requests: readonly number[];
}

export interface TestOptions {
  /** What the driver answers; 0 when absent, `null` for a host without an LCD driver. */
  readonly driver?: ((module: LcdLoadModule) => number) | null;
  readonly release?: string;
}

/** Makes an environment with these files; the kernel's release is `6.1.0` unless told. */
export function testEnvironment(
  content: Readonly<Record<string, Uint8Array | string>> = {},
  { driver = () => 0, release = "6.1.0" }: TestOptions = {},
): TestEnvironment {
  let output = "";
  let errors = "";
  const loaded: LcdLoadModule[] = [];
  const requests: number[] = [];
  return {
    files: memoryFiles(content),
    output: () => output,
    errors: () => errors,
    loaded,
    requests,
    release,
    stdout: (text) => {
      output += text;
    },
    stderr: (text) => {
      errors += text;
    },
    openDevice: (path) => {
      if (driver === null) throw new FileError("ENOENT", `${path} does not exist`);
      return {
        ioctl: (request, module) => {
          requests.push(request);
          loaded.push(module);
          return driver(module);
        },
      };
    },
  };
}
