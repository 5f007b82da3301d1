import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { BareMachine, CODE, DATA } from "../testing/index";
import { Gpr } from "./state";

const HLT = 0xf4;
const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

describe("a read-modify-write of two words that changes code", () => {
  it("happens once, also when only its second store meets translated code", () => {
    const bare = new BareMachine();
    const { memory } = bare.machine;
    // The operand at CODE + 0x100: its low half is code that has run (jmp back, 8 bytes of nops), its high half is not.
    // call target; lock cmpxchg16b [CODE + 0x100]; hlt
    const target = Number(CODE) + 0x100;
    memory.write(__hpa(BigInt(target)), Uint8Array.from([0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3]));
    memory.writeU64(__hpa(BigInt(target) + 8n), 0x1111n);
    bare.cpu.gpr[Gpr.rax] = 0xc390909090909090n;
    bare.cpu.gpr[Gpr.rdx] = 0x1111n;
    bare.cpu.gpr[Gpr.rbx] = 0xc3c3c3c3c3c3c3c3n;
    bare.cpu.gpr[Gpr.rcx] = 0x2222n;
    const stop = bare.run([0xe8, ...u32(0x100 - 5), 0xf0, 0x48, 0x0f, 0xc7, 0x0c, 0x25, ...u32(target), HLT]);
    expect(stop).toEqual({ kind: "halted" });
    expect(bare.cpu.rflags & 0x40n).toBe(0x40n);
    expect(memory.readU64(__hpa(BigInt(target)))).toBe(0xc3c3c3c3c3c3c3c3n);
    expect(memory.readU64(__hpa(BigInt(target) + 8n))).toBe(0x2222n);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0xc390909090909090n);
  });
});

describe("an instruction over the end of a page", () => {
  it("runs once its second page can be fetched, though it could not be when it was translated", () => {
    const bare = new BareMachine();
    const { memory } = bare.machine;
    // Linear 0x40000000 and the page behind it, through a page directory and a page table at 0x9000 and 0x8000.
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x8003n);
    memory.writeU64(__hpa(0x8000n), DATA | 3n);
    // mov eax, 0x12345678, its last two bytes on the next page
    memory.write(__hpa(DATA + 0xffdn), Uint8Array.from([0xb8, 0x78, 0x56]));
    memory.write(__hpa(DATA + 0x1000n), Uint8Array.from([0x34, 0x12, HLT]));
    bare.cpu.rip = 0x40000ffdn;
    expect(bare.cpu.run(100)).toEqual({ kind: "exception", vector: 14, errorCode: 0x10 });
    memory.writeU64(__hpa(0x8008n), (DATA + 0x1000n) | 3n);
    expect(bare.cpu.run(100)).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x12345678n);
  });
});

describe("code that is written again and again", () => {
  /** mov dword [code of inner], new bytes; call inner; dec ecx; jnz: `inner` is two pages in turn, aliases of one address. */
  it("runs as it is now, and leaves no more behind the longer it does", () => {
    const sizes = [100, 1000].map((count) => {
      const bare = new BareMachine();
      const target = Number(CODE) + 0x200;
      // l: add [target+1], ecx; call target; add rbx, rax; dec ecx; jnz l; hlt; target: mov eax, 0; ret
      bare.machine.memory.write(__hpa(BigInt(target)), Uint8Array.from([0xb8, 0, 0, 0, 0, 0xc3]));
      bare.cpu.gpr[Gpr.rcx] = BigInt(count);
      const code = [0x01, 0x0c, 0x25, ...u32(target + 1)];
      code.push(0xe8, ...u32(0x200 - code.length - 5), 0x48, 0x01, 0xc3, 0xff, 0xc9);
      code.push(0x75, 0x100 - code.length - 2, HLT);
      expect(bare.run(code)).toEqual({ kind: "halted" });
      // The sum over k of count + (count - 1) + ... k terms: what a loop here gives too.
      let [sum, value] = [0, 0];
      for (let i = count; i > 0; i--) {
        value += i;
        sum += value;
      }
      expect(bare.cpu.gpr[Gpr.rbx]).toBe(BigInt(sum));
      return bare.machine.code.size;
    });
    expect(sizes[1]).toBeLessThanOrEqual(sizes[0] + 16);
  });

  it("and restored leaves nothing more behind either", () => {
    const bare = new BareMachine();
    // l: xor byte [target + 5], 1; call target; dec ecx; jnz l; hlt; target (over a page's end): eight nops or the like, ret
    const target = Number(CODE) + 0xffc;
    const body = [0x90, 0x90, 0x90, 0x90, 0x90, 0x04, 0x00, 0xc3];
    bare.machine.memory.write(__hpa(BigInt(target)), Uint8Array.from(body));
    bare.cpu.gpr[Gpr.rcx] = 600n;
    const code = [0x80, 0x34, 0x25, ...u32(target + 6), 1];
    code.push(0xe8, ...u32(0xffc - code.length - 5), 0xff, 0xc9);
    code.push(0x75, 0x100 - code.length - 2, HLT);
    expect(bare.run(code)).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(300n % 256n);
    expect(bare.machine.code.size).toBeLessThan(100);
  });
});

describe("invlpg", () => {
  it("drops all of a large page", () => {
    const bare = new BareMachine();
    const { memory } = bare.machine;
    // Linear 0x40000000 is a 2 MiB page: first the one at 0, then the one at 0x200000.
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x83n);
    memory.writeU64(__hpa(0x105000n), 1n);
    memory.writeU64(__hpa(0x305000n), 2n);
    // mov rbx, [0x40105000]; mov byte [0x9002], 0x20; invlpg [0x40000000]; mov rax, [0x40105000]; hlt
    const code = [
      ...[0x48, 0x8b, 0x1c, 0x25, ...u32(0x40105000)],
      ...[0xc6, 0x04, 0x25, ...u32(0x9002), 0x20],
      ...[0x0f, 0x01, 0x3c, 0x25, ...u32(0x40000000)],
      ...[0x48, 0x8b, 0x04, 0x25, ...u32(0x40105000), HLT],
    ];
    expect(bare.run(code)).toEqual({ kind: "halted" });
    expect([bare.cpu.gpr[Gpr.rbx], bare.cpu.gpr[Gpr.rax]]).toEqual([1n, 2n]);
  });

  it("and jumps to and fro between places that share a cache entry do not make lists grow", () => {
    const bare = new BareMachine();
    const { memory } = bare.machine;
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x8003n);
    memory.writeU64(__hpa(0x8000n), DATA | 3n);
    // l: mov eax, [0x40000000]; invlpg [0x40000000]; call [rdi]; dec ecx; jnz l; hlt
    bare.cpu.gpr[Gpr.rcx] = 3000n;
    bare.cpu.gpr[Gpr.rdi] = DATA + 0x100n;
    memory.writeU64(__hpa(DATA + 0x100n), CODE + 0x80n);
    memory.write(__hpa(CODE + 0x80n), Uint8Array.from([0xc3]));
    const code = [
      0x8b,
      0x04,
      0x25,
      ...u32(0x40000000),
      0x0f,
      0x01,
      0x3c,
      0x25,
      ...u32(0x40000000),
      0xff,
      0x17,
      0xff,
      0xc9,
    ];
    code.push(0x75, 0x100 - code.length - 2, HLT);
    expect(bare.run(code)).toEqual({ kind: "halted" });
    expect(bare.cpu.tlb.filled).toBeLessThan(20);
  });
});

describe("a page walk that sets an accessed flag in an entry which is code as well", () => {
  it.each([
    ["at once", 1000],
    ["by single steps", 1],
  ])("changes the code for the instruction behind it (%s)", (_, slice) => {
    const bare = new BareMachine();
    const { memory } = bare.machine;
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x8003n);
    // Entry 34 of the page table at 0x8000 maps 0x40022000 to 0x3cc000; as code it is: add eax, ebx; cmp al, 0;
    // add [rax], al twice. With the accessed flag it begins with: and eax, ebx.
    memory.write(__hpa(0x8110n), Uint8Array.from([0x03, 0xc3, 0x3c, 0, 0, 0, 0, 0, HLT]));
    memory.writeU64(__hpa(0x3cc000n), 0x310000n);
    bare.cpu.gpr[Gpr.rbx] = 0x310000n;
    // mov eax, [0x40022000]; nop
    memory.write(__hpa(0x8108n), Uint8Array.from([0x8b, 0x04, 0x25, ...u32(0x40022000), 0x90]));
    bare.cpu.rip = 0x8108n;
    let stop = bare.cpu.run(slice);
    while (stop.kind === "limit") stop = bare.cpu.run(slice);
    expect(stop).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x310000n);
  });
});

describe("looking ahead for code", () => {
  it.each([
    ["what is seen for the first time", 2],
    ["hot code", 0],
  ])("sets no accessed flag for a page that control does not come to (%s)", (_, hotThreshold) => {
    const bare = new BareMachine({ hotThreshold });
    const { memory } = bare.machine;
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x8003n);
    memory.writeU64(__hpa(0x8000n), DATA | 3n);
    memory.writeU64(__hpa(0x8008n), (DATA + 0x1000n) | 3n);
    // test edi, edi; jnz 0x40001000; mov rax, [0x8000]; mov rbx, [0x8008]; test esi, esi; jnz 0x40001000; hlt
    const code = [0x85, 0xff, 0x0f, 0x85, ...u32(0xff8), 0x48, 0x8b, 0x04, 0x25, ...u32(0x8000)];
    code.push(0x48, 0x8b, 0x1c, 0x25, ...u32(0x8008), 0x85, 0xf6, 0x0f, 0x85, ...u32(0xfe0), HLT);
    memory.write(__hpa(DATA), Uint8Array.from(code));
    memory.write(__hpa(DATA + 0x1000n), Uint8Array.from([0x48, 0x8b, 0x0c, 0x25, ...u32(0x8008), HLT]));
    bare.cpu.gpr[Gpr.rsi] = 1n;
    bare.cpu.rip = 0x40000000n;
    expect(bare.cpu.run(100)).toEqual({ kind: "halted" });
    const accessed = [Gpr.rax, Gpr.rbx, Gpr.rcx].map((register) => (bare.cpu.gpr[register] >> 5n) & 1n);
    expect(accessed).toEqual([1n, 0n, 1n]);
  });
});
