import { describe, expect, it } from "vitest";
import { MODE_64 } from "../code-mode";
import { type CodeSource, discover, NO_EXPERIENCE } from "./discover";

/** One page of code at 0x1000 that begins with the given bytes; nothing else can be fetched. */
const pageOf = (...code: number[]): CodeSource => {
  const bytes = new Uint8Array(4096).fill(0xcc);
  bytes.set(code);
  return (page) => (page === 0x1000n ? { bytes, frame: 7 } : null);
};

const CONTEXT = { mode: MODE_64, base: 0, limit: 0xffffffff };
const scope = { instructions: 100, accesses: 100, block: 48, pages: 4 };
const RET = 0xc3;

describe("discover", () => {
  it("follows both ways of a branch", () => {
    // jz +1; ret; nop; ret
    const region = discover(pageOf(0x74, 1, RET, 0x90, RET), CONTEXT, 0x1000n, scope);
    expect([...(region?.blocks.keys() ?? [])].sort()).toEqual([0, 2, 3]);
    expect(region?.blocks.get(0)?.successors).toEqual([3, 2]);
  });

  it("cuts a block where something jumps into it", () => {
    // nop; nop; jmp to the second nop
    const region = discover(pageOf(0x90, 0x90, 0xeb, 0xfd), CONTEXT, 0x1000n, scope);
    expect(region?.blocks.get(0)?.successors).toEqual([1]);
    expect(region?.blocks.get(1)?.successors).toEqual([1]);
  });

  it("leaves at a call, and says where control may go on", () => {
    // call f; ret; f: nop; ret
    const region = discover(pageOf(0xe8, 1, 0, 0, 0, RET, 0x90, RET), CONTEXT, 0x1000n, scope);
    expect(region?.blocks.size).toBe(1);
    expect(region?.continuations).toEqual([0x1006n, 0x1005n]);
  });

  it("takes in a function that is worth it, whose return may go behind the call", () => {
    const region = discover(pageOf(0xe8, 1, 0, 0, 0, RET, 0x90, RET), CONTEXT, 0x1000n, scope, {
      ...NO_EXPERIENCE,
      follows: () => true,
    });
    expect(region?.blocks.get(0)?.successors).toEqual([6]);
    expect(region?.blocks.get(6)?.successors).toEqual([5]);
  });

  it("takes in only one ENTER of many levels, which is as much work as a hundred instructions", () => {
    const region = discover(pageOf(0xc8, 0, 0, 31, 0xc8, 0, 0, 31, RET), CONTEXT, 0x1000n, scope);
    expect(region?.blocks.get(0)?.instructions.length).toBe(1);
    expect(region?.blocks.size).toBe(1);
  });

  it("begins no block beyond its scope, and makes none longer than asked", () => {
    const narrow = { instructions: 10, accesses: 10, block: 6, pages: 1 };
    const region = discover(pageOf(...new Array(50).fill(0x90), RET), CONTEXT, 0x1000n, narrow);
    expect(
      [...(region?.blocks.values() ?? [])].map(({ offset, instructions }) => [offset, instructions.length]),
    ).toEqual([
      [0, 6],
      [6, 6],
    ]);
    expect(region?.continuations).toEqual([0x100cn]);
  });

  it("begins no block behind too many accesses to memory, of which one that writes counts twice", () => {
    // add [rax], al; mov eax, [rax]; xchg eax, eax ...
    const narrow = { instructions: 100, accesses: 6, block: 1, pages: 1 };
    const region = discover(pageOf(0, 0, 0x8b, 0, 0x90, 0, 0, 0x8b, 0, 0, 0), CONTEXT, 0x1000n, narrow);
    expect([...(region?.blocks.keys() ?? [])]).toEqual([0, 2, 4, 5, 7]);
  });

  it("takes in where an indirect jump has gone", () => {
    // jmp rax; a: nop; ret
    const experience = { ...NO_EXPERIENCE, targets: (from: bigint) => (from === 0x1000n ? [0x1002n] : []) };
    const region = discover(pageOf(0xff, 0xe0, 0x90, RET), CONTEXT, 0x1000n, scope, experience);
    expect(region?.blocks.get(0)?.successors).toEqual([2]);
    expect(region?.blocks.get(2)?.instructions.length).toBe(2);
  });

  it("leaves where another region has its entry", () => {
    // jz a; nop; ret; a: nop; ret
    const code = pageOf(0x74, 2, 0x90, RET, 0x90, RET);
    const known = { ...NO_EXPERIENCE, isEntry: (target: bigint) => target === 0x1004n };
    const region = discover(code, CONTEXT, 0x1000n, scope, known);
    expect([...(region?.blocks.keys() ?? [])]).toEqual([0, 2]);
    expect(region?.continuations).toEqual([0x1004n]);
    expect(discover(code, CONTEXT, 0x1004n, scope, known)?.blocks.size).toBe(1);
  });

  it("keeps an instruction whose end cannot be fetched, without its meaning", () => {
    const bytes = new Uint8Array(4096).fill(0x90);
    bytes[4095] = 0xe8;
    const source: CodeSource = (page) => (page === 0x1000n ? { bytes, frame: 7 } : null);
    const region = discover(source, CONTEXT, 0x1fffn, scope);
    expect(region?.blocks.get(0)?.instructions).toEqual([{ offset: 0, length: 0, instruction: null, beyond: false }]);
  });

  it("gives nothing when nothing can be fetched", () => {
    expect(discover(pageOf(RET), CONTEXT, 0x5000n, scope)).toBeNull();
  });
});
