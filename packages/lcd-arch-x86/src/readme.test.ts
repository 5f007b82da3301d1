import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runKernel } from "../examples/computer";
import { runIsolated } from "../examples/lcd-arch";
import { sumTo } from "../examples/machine";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

describe("the README", () => {
  it.each(["computer", "machine", "lcd-arch"])("shows examples/%s.ts as it is", (name) => {
    expect(read("../README.md")).toContain(`\`\`\`ts\n${read(`../examples/${name}.ts`)}\`\`\``);
  });

  it("has a computer that boots a kernel", async () => {
    // guests/exit.c leaves with the number on its command line: 2 * 21 + 1.
    const kernel = new Uint8Array(readFileSync(new URL("../guests/prebuilt/exit.elf", import.meta.url)));
    expect(await runKernel(kernel)).toBe("leaving with 21\nexit code 43");
  });

  it("has a machine that adds 1 to 1000", () => {
    // 1000 * 1001 / 2
    expect(sumTo(1000)).toBe(500_500n);
  });

  it("has a domain that asks its host for something", () => {
    // mov eax, 42; vmcall
    const { exit, rax } = runIsolated(Uint8Array.of(0xb8, 42, 0, 0, 0, 0x0f, 0x01, 0xc1));
    expect(exit).toEqual({ kind: "vmcall", instructions: 1 });
    expect(rax).toBe(42n);
  });

  it("has a domain that cannot reach what it was not given", () => {
    // mov [0x9000], eax; (opcode 89 /r with an absolute 32-bit address)
    const { exit } = runIsolated(Uint8Array.of(0x89, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00));
    expect(exit).toMatchObject({ kind: "ept-violation", gpa: 0x9000n, instructions: 0 });
  });
});
