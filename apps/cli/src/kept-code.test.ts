import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "lcd-kept-"));
const program = join(folder, "program.cjs");
const file = join(folder, "file.cjs");
const kept = join(folder, "kept/file");

/** A process that loads the file, and prints what it exports. */
const run = (environment = {}): string =>
  execFileSync(process.execPath, [program], { encoding: "utf8", env: { ...process.env, ...environment } });

beforeAll(() => {
  const source = readFileSync(new URL("kept-code.ts", import.meta.url), "utf8");
  const options = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };
  writeFileSync(join(folder, "kept-code.cjs"), transpileModule(source, { compilerOptions: options }).outputText);
  writeFileSync(
    program,
    `console.log(require("./kept-code.cjs").loadKept(...${JSON.stringify([file, kept])}).answer());`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file that is loaded with kept code", () => {
  it("exports what it exports, and is kept at the end of the process", () => {
    writeFileSync(file, "exports.answer = () => 41;");
    expect(run()).toBe("41\n");
    expect(existsSync(kept)).toBe(true);
    expect(readdirSync(join(folder, "kept"))).toEqual(["file"]);
  });

  it("is not kept again while what is kept is of use", () => {
    const { mtimeMs } = statSync(kept);
    expect(run()).toBe("41\n");
    expect(statSync(kept).mtimeMs).toBe(mtimeMs);
  });

  it("is the new one when it has changed, with the same length", () => {
    writeFileSync(file, "exports.answer = () => 42;");
    expect(run()).toBe("42\n");
    expect(run()).toBe("42\n");
  });

  it("is kept again with functions that were not called before", () => {
    const functions = Array.from(
      { length: 2000 },
      (_, n) => `function f${n}(x) { return x ? x * ${n} + f${n}(x - 1) : 0; }`,
    );
    const call = functions.map((_, n) => `f${n}(1);`).join("");
    writeFileSync(
      file,
      `${functions.join("\n")}\nexports.answer = () => { if (process.env.CALL) { ${call} } return 42; };`,
    );
    run();
    const { size } = statSync(kept);
    run();
    expect(statSync(kept).size).toBe(size);
    run({ CALL: "1" });
    expect(statSync(kept).size).toBeGreaterThan(1.5 * size);
  });

  it("works with what is kept cut off at any place", () => {
    writeFileSync(file, "exports.answer = () => 42;");
    run();
    const whole = readFileSync(kept);
    for (const length of [0, 10, 30, whole.length - 1]) {
      writeFileSync(kept, whole.subarray(0, length));
      expect(run()).toBe("42\n");
      // What was of no use has been replaced.
      expect(readFileSync(kept).length).toBe(whole.length);
    }
  });

  it("works where nothing can be kept", () => {
    rmSync(join(folder, "kept"), { recursive: true });
    writeFileSync(join(folder, "kept"), "a file where a folder should be");
    expect(run()).toBe("42\n");
  });

  it("has require, module and its own name, as any CommonJS file", () => {
    writeFileSync(file, "module.exports = { answer: () => [require('node:path').basename(__filename), __dirname] };");
    expect(run()).toBe(`[ 'file.cjs', '${folder}' ]\n`);
  });
});
