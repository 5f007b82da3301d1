import { describe, expect, it } from "vitest";
import { describeCode } from "./ir-print";

const ADDRESS = 0x401000n;

function irOf(...bytes: number[]): readonly string[][] {
  return describeCode(Uint8Array.from(bytes), ADDRESS).flatMap((region) =>
    region.instructions.map((instruction) => [...instruction.ir]),
  );
}

describe("code, described", () => {
  it("shows what each instruction does", () => {
    // mov rax, [rdi+8]; add rax, 2; ret
    const [load, add, ret] = irOf(0x48, 0x8b, 0x47, 0x08, 0x48, 0x83, 0xc0, 0x02, 0xc3);
    expect(load).toEqual(["%1 = load64 [i64.add(rdi, 8)]", "rax = %1"]);
    expect(add).toContain("%2 = i64.add(rax, 2)");
    expect(add).toContain("rax = %2");
    expect(ret[0]).toMatch(/= load64 \[.*rsp.*\]$/);
    expect(ret.at(-1)).toMatch(/^jump %\d$/);
  });

  it("shows stores, and both ways of a branch", () => {
    // L: mov [rsi], ecx; test ecx, ecx; jne L; hlt
    const [store, , branch, hlt] = irOf(0x89, 0x0e, 0x85, 0xc9, 0x75, 0xfa, 0xf4);
    expect(store).toEqual(["store32 [rsi], i32.wrap_i64(rcx)"]);
    expect(branch.at(-1)).toMatch(/^jump .* \? 0x401000 : 0x401006$/);
    expect(hlt.at(-1)).toBe("system hlt()");
  });

  it("shows repetition", () => {
    // rep stosb; ret
    const [stos] = irOf(0xf3, 0xaa, 0xc3);
    expect(stos.find((line) => line === "repeat {")).toBeDefined();
    expect(stos.some((line) => /^ {2}store8 /.test(line))).toBe(true);
  });

  it("shows what is no instruction as the exception that it raises", () => {
    expect(irOf(0x06)).toEqual([["raise vector 6"]]);
  });

  it("finds what follows a call, and leaves out what is beyond the range", () => {
    // call +1; nop; (nop) ret
    const code = Uint8Array.of(0xe8, 1, 0, 0, 0, 0x90, 0x90, 0xc3);
    const all = describeCode(code, ADDRESS).flatMap((region) => region.instructions.map(({ address }) => address));
    expect([...all].sort()).toEqual([0n, 5n, 6n, 7n].map((offset) => ADDRESS + offset));
    const some = describeCode(code, ADDRESS, { from: ADDRESS + 5n, to: ADDRESS + 7n });
    expect(some.flatMap((region) => region.instructions.map(({ address }) => address))).toEqual([
      ADDRESS + 5n,
      ADDRESS + 6n,
    ]);
  });

  it("shows a region's WebAssembly, nested", () => {
    const [region] = describeCode(Uint8Array.of(0x48, 0x01, 0xd8, 0xc3), ADDRESS);
    expect(region.wat).toContain("    i64.add");
    expect(region.wat[0]).toBe("local.get 0");
    const opened = region.wat.filter((line) => /^\s*(block|loop|if)\b/.test(line)).length;
    expect(region.wat.filter((line) => line.trim() === "end").length).toBe(opened);
    expect(region.wat.some((line) => line.includes("(; 0x"))).toBe(false);
    expect(region.wasmSize).toBeGreaterThan(region.wat.length);
  });
});
