import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prebuiltDirectory, testModulesDirectory } from "liblcd";
import { afterAll } from "vitest";

/** Path of a module that does something wrong on purpose. */
export function testModule(name: string): string {
  return join(testModulesDirectory, `${name}.ko`);
}

/** The bytes of an example. */
export function exampleBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(prebuiltDirectory, `${name}.ko`)));
}

/** A directory that is gone after the tests of the file. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "lcd-cli-"));

  constructor() {
    afterAll(() => rmSync(this.path, { recursive: true, force: true }));
  }

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  /** Copies examples or test modules into it. */
  copy(...paths: readonly string[]): void {
    for (const path of paths) copyFileSync(path, join(this.path, path.replace(/^.*\//, "")));
  }
}
