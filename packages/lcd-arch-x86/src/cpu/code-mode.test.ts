import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { Machine } from "../machine/index";
import { Segment } from "./state";

/** Access rights in VMX format: accessed code and data of CPL 0, with D/B and G as asked. */
const CODE = 0x9b;
const DATA = 0x93;
const BIG = 0x4000;
const GRANULAR = 0x8000;

const AT = 0x1000;
const HLT = 0xf4;

interface Setup {
  bits: 16 | 32;
  /** CR0: protected mode without paging, or real mode. */
  protectedMode?: boolean;
  base?: number;
  limit?: number;
  /** Access rights of DS. */
  data?: number;
  /** Times that code is interpreted before it is compiled. */
  coldThreshold?: number;
}

/** A processor that is about to run `code`, put at linear address AT, in a mode without paging. */
function prepared(code: readonly number[], { bits, protectedMode = true, base = 0, limit, data, ...options }: Setup) {
  const machine = new Machine({ memory: 1024 * 1024, ...options });
  const cpu = machine.processors[0];
  const { state } = cpu;
  machine.memory.write(__hpa(BigInt(AT)), Uint8Array.from([...code, HLT]));
  state.set64("cr0", protectedMode ? 0x11n : 0x10n);
  state.set64("cr4", 0n);
  state.set64("efer", 0n);
  const size = bits === 32 ? BIG | GRANULAR : 0;
  for (const segment of [Segment.es, Segment.cs, Segment.ss, Segment.ds, Segment.fs, Segment.gs]) {
    state.set64("segmentBase", BigInt(base), segment);
    state.set32("segmentLimit", limit ?? (bits === 32 ? 0xffffffff : 0xffff), segment);
    state.set32("segmentRights", (segment === Segment.cs ? CODE : DATA) | size, segment);
  }
  if (data !== undefined) {
    state.set32("segmentRights", data, Segment.ds);
  }
  cpu.rip = BigInt(AT - base);
  cpu.gpr.fill(0n);
  cpu.gpr[4] = 0x8000n;
  cpu.addressSpaceChanged();
  return { machine, cpu, run: () => cpu.run(1000) };
}

describe("32-bit code", () => {
  it("has short increments where 64-bit code has REX prefixes, and pushes four bytes", () => {
    // inc eax; push eax; pop ebx; call +0 (pushes the address behind it); pop ecx
    const { cpu, run } = prepared([0x40, 0x50, 0x5b, 0xe8, 0, 0, 0, 0, 0x59], { bits: 32 });
    expect(run()).toEqual({ kind: "halted" });
    expect([cpu.gpr[0], cpu.gpr[3], cpu.gpr[1], cpu.gpr[4]]).toEqual([1n, 1n, BigInt(AT + 8), 0x8000n]);
  });

  it("wraps effective addresses at 4 GiB", () => {
    // mov eax, -4; mov ebx, [eax + 0x1004]: the first four bytes of the code
    const { cpu, run } = prepared([0xb8, 0xfc, 0xff, 0xff, 0xff, 0x8b, 0x98, 0x04, 0x10, 0, 0], { bits: 32 });
    run();
    expect(cpu.gpr[3]).toBe(0xfffffcb8n);
  });

  it("adds the segment's base, and raises #GP(0) beyond its limit", () => {
    // mov al, [0xffff]; mov al, [0x10000]
    const code = [0xa0, 0xff, 0xff, 0, 0, 0xa0, 0, 0, 1, 0];
    const { cpu, run } = prepared(code, { bits: 32, base: 0x800, limit: 0xffff });
    expect(run()).toEqual({ kind: "exception", vector: 13, errorCode: 0 });
    expect(cpu.rip).toBe(BigInt(AT - 0x800 + 5));
  });

  it("raises #SS(0) where a push would leave the stack segment", () => {
    // mov esp, 2; push eax: would write 0xfffffffe to 1
    const { run } = prepared([0xbc, 2, 0, 0, 0, 0x50], { bits: 32, limit: 0xfffff });
    expect(run()).toEqual({ kind: "exception", vector: 12, errorCode: 0 });
  });

  it("writes no read-only segment", () => {
    const { cpu, run } = prepared([0xa0, 0, 0, 0, 0, 0xa2, 0, 0, 0, 0], { bits: 32, data: 0x91 | BIG | GRANULAR });
    expect(run()).toEqual({ kind: "exception", vector: 13, errorCode: 0 });
    expect(cpu.rip).toBe(BigInt(AT + 5));
  });

  it("turns the limit of an expand-down segment round", () => {
    // With a limit of 0xfff, offsets from 0x1000 on are allowed: mov al, [0x1000]; mov al, [0xfff]
    const { cpu, machine } = prepared([0xa0, 0, 0x10, 0, 0, 0xa0, 0xff, 0x0f, 0, 0], { bits: 32 });
    cpu.state.set32("segmentRights", 0x97 | BIG, Segment.ds);
    cpu.state.set32("segmentLimit", 0xfff, Segment.ds);
    cpu.addressSpaceChanged();
    expect(machine.processors[0].run(1000)).toEqual({ kind: "exception", vector: 13, errorCode: 0 });
    expect(cpu.rip).toBe(BigInt(AT + 5));
  });

  it("raises #GP(0) for a jump beyond the limit of CS, at the jump", () => {
    const { cpu, run } = prepared([0xe9, 0, 0, 1, 0], { bits: 32, limit: 0xffff });
    expect(run()).toEqual({ kind: "exception", vector: 13, errorCode: 0 });
    expect(cpu.rip).toBe(BigInt(AT));
  });
});

describe("code that runs under many code segments", () => {
  it("runs on, compiled or not, though not all translations of it are kept", () => {
    for (const threshold of [0, 1e9]) {
      // mov al, 9
      const { cpu, run } = prepared([0xb0, 9], { bits: 32, coldThreshold: threshold });
      for (let segment = 0; segment < 40; segment++) {
        cpu.state.set32("segmentLimit", 0xffff + segment, Segment.cs);
        cpu.rip = BigInt(AT);
        cpu.gpr[0] = 0n;
        cpu.addressSpaceChanged();
        expect(run()).toEqual({ kind: "halted" });
        expect(cpu.gpr[0]).toBe(9n);
      }
    }
  });
});

describe("16-bit code", () => {
  it("has sixteen-bit operands, addresses and stack", () => {
    // mov ax, 0x1234; push ax; mov bx, 0x7ffe; mov cx, [bx]; add bx, bx wraps
    const code = [0xb8, 0x34, 0x12, 0x50, 0xbb, 0xfe, 0x7f, 0x8b, 0x0f, 0x01, 0xdb];
    const { cpu, run } = prepared(code, { bits: 16, protectedMode: false });
    run();
    expect([cpu.gpr[1], cpu.gpr[3], cpu.gpr[4]]).toEqual([0x1234n, 0xfffcn, 0x7ffen]);
  });

  it("reaches through BX + SI with wrap at 64 KiB", () => {
    // mov bx, 0xf000; mov si, 0x2000; mov al, [bx + si]: offset 0x1000, where the code is
    const code = [0xbb, 0, 0xf0, 0xbe, 0, 0x20, 0x8a, 0];
    const { cpu, run } = prepared(code, { bits: 16, protectedMode: false });
    run();
    expect(cpu.gpr[0]).toBe(0xbbn);
  });

  it("raises #GP(0) for a word at offset 0xffff", () => {
    const { run } = prepared([0xa1, 0xff, 0xff], { bits: 16, protectedMode: false });
    expect(run()).toEqual({ kind: "exception", vector: 13, errorCode: 0 });
  });

  it("does 32-bit operations with a prefix", () => {
    // mov eax, 0x12345678; mov ebx, [eax*2 + ...] would be beyond the limit; lea ebx, [eax + eax]
    const code = [0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, 0x66, 0x67, 0x8d, 0x1c, 0x00];
    const { cpu, run } = prepared(code, { bits: 16, protectedMode: false });
    run();
    expect(cpu.gpr[3]).toBe(0x2468acf0n);
  });

  it("repeats string instructions by CX alone", () => {
    // mov ecx, 0x10002; mov di, 0x2000; mov al, 7; rep stosb
    const code = [0x66, 0xb9, 2, 0, 1, 0, 0xbf, 0, 0x20, 0xb0, 7, 0xf3, 0xaa];
    const { cpu, machine, run } = prepared(code, { bits: 16, protectedMode: false });
    run();
    expect([cpu.gpr[1], cpu.gpr[7]]).toEqual([0x10000n, 0x2002n]);
    expect([...machine.memory.read(__hpa(0x2000n), 3)]).toEqual([7, 7, 0]);
  });

  it("adds the base of CS to what is fetched", () => {
    const { cpu, run } = prepared([0xb0, 9], { bits: 16, protectedMode: false, base: 0x800 });
    expect(run()).toEqual({ kind: "halted" });
    expect([cpu.gpr[0], cpu.rip]).toEqual([9n, BigInt(AT - 0x800 + 3)]);
  });
});

describe("decimal arithmetic", () => {
  // SDM 2A, "DAA": ADD AL, BL with AL = 79H, BL = 35H gives AEH; DAA makes it 14H with CF and AF set.
  it("adjusts 79 + 35 to 14 with a carry", () => {
    const { cpu, run } = prepared([0xb0, 0x79, 0xb3, 0x35, 0x00, 0xd8, 0x27], { bits: 32 });
    run();
    expect([cpu.gpr[0], Number(cpu.rflags) & 0x11]).toEqual([0x14n, 0x11]);
  });

  // SDM 2A, "DAS": SUB AL, BL with AL = 35H, BL = 47H gives EEH; DAS makes it 88H with CF and AF set.
  it("adjusts 35 - 47 to 88 with a borrow", () => {
    const { cpu, run } = prepared([0xb0, 0x35, 0xb3, 0x47, 0x28, 0xd8, 0x2f], { bits: 32 });
    run();
    expect([cpu.gpr[0], Number(cpu.rflags) & 0x11]).toEqual([0x88n, 0x11]);
  });

  it("divides by zero in AAM 0", () => {
    const { run } = prepared([0xd4, 0], { bits: 32 });
    expect(run()).toEqual({ kind: "exception", vector: 0, errorCode: null });
  });
});
