import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

describe("the README", () => {
  for (const name of ["run-hello", "call-function"]) {
    it(`shows examples/${name}.ts as it is`, () => {
      expect(read("../README.md")).toContain(`\`\`\`ts\n${read(`../examples/${name}.ts`)}\`\`\``);
    });
  }

  it("shows a program that says hello", async () => {
    const written: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((bytes) => {
      written.push(typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes));
      return true;
    });
    try {
      await import("../examples/run-hello");
    } finally {
      write.mockRestore();
    }
    expect(written.join("")).toMatch(/^Hello from an isolated kernel module!\n/);
  });
});
