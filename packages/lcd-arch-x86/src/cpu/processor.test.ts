import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { BareMachine, CODE, DATA, STACK_TOP } from "../testing/index";
import { Gpr } from "./state";

const HLT = 0xf4;

describe("the processor", () => {
  it("adds registers and stops at HLT behind it", () => {
    const bare = new BareMachine();
    bare.cpu.gpr[Gpr.rax] = 40n;
    bare.cpu.gpr[Gpr.rbx] = 2n;
    // add rax, rbx; hlt
    expect(bare.run([0x48, 0x01, 0xd8, HLT])).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(42n);
    expect(bare.cpu.rip).toBe(CODE + 4n);
    expect(bare.cpu.retired).toBe(2);
  });

  it("sums 1 to 1000 in a loop", () => {
    const bare = new BareMachine();
    // xor eax,eax; mov ecx,1000; l: add rax,rcx; dec ecx; jnz l; hlt
    const code = [0x31, 0xc0, 0xb9, 0xe8, 3, 0, 0, 0x48, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xf9, HLT];
    expect(bare.run(code)).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(500500n);
    expect(bare.cpu.retired).toBe(2 + 3 * 1000 + 1);
  });

  it("runs exactly as many instructions as it is allowed, wherever that ends", () => {
    const code = [0x31, 0xc0, 0xb9, 0xe8, 3, 0, 0, 0x48, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xf9, HLT];
    for (const limit of [1, 2, 3, 4, 5, 100, 1001]) {
      const bare = new BareMachine();
      expect(bare.run(code, limit)).toEqual({ kind: "limit" });
      expect(bare.cpu.retired).toBe(limit);
      expect(bare.cpu.run()).toEqual({ kind: "halted" });
      expect(bare.cpu.retired).toBe(3003);
      expect(bare.cpu.gpr[Gpr.rax]).toBe(500500n);
    }
  });

  it("makes progress however small the slices are in which it is looked at", () => {
    const code = [0x31, 0xc0, 0xb9, 0xe8, 3, 0, 0, 0x48, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xf9, HLT];
    for (const sampleInterval of [1, 2, 3, 7]) {
      const bare = new BareMachine({ sampleInterval });
      expect(bare.run(code)).toEqual({ kind: "halted" });
      expect(bare.cpu.gpr[Gpr.rax]).toBe(500500n);
    }
  });

  it("calls and returns through the stack", () => {
    const bare = new BareMachine();
    // call f; hlt; f: mov eax, 7; ret
    expect(bare.run([0xe8, 1, 0, 0, 0, HLT, 0xb8, 7, 0, 0, 0, 0xc3])).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax]).toBe(7n);
    expect(bare.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP);
    expect(bare.machine.memory.readU64(__hpa(STACK_TOP - 8n))).toBe(CODE + 5n);
  });

  it("copies memory with rep movsb, also across pages and backwards", () => {
    const bare = new BareMachine();
    const text = Uint8Array.from({ length: 9000 }, (_, i) => i * 7);
    bare.machine.memory.write(__hpa(DATA + 5n), text);
    bare.cpu.gpr[Gpr.rsi] = DATA + 5n;
    bare.cpu.gpr[Gpr.rdi] = DATA + 0x8003n;
    bare.cpu.gpr[Gpr.rcx] = 9000n;
    expect(bare.run([0xf3, 0xa4, HLT])).toEqual({ kind: "halted" });
    expect(bare.machine.memory.read(__hpa(DATA + 0x8003n), 9000)).toEqual(text);
    expect(bare.cpu.gpr[Gpr.rcx]).toBe(0n);
    expect(bare.cpu.gpr[Gpr.rsi]).toBe(DATA + 5n + 9000n);
  });

  it("reports a page fault with the address and leaves the registers as they were", () => {
    const bare = new BareMachine();
    bare.cpu.gpr[Gpr.rax] = 0x40_0000_0000n;
    // nop; mov rax, [rax]
    expect(bare.run([0x90, 0x48, 0x8b, 0x00])).toEqual({ kind: "exception", vector: 14, errorCode: 0 });
    expect(bare.cpu.state.get64("cr2")).toBe(0x40_0000_0000n);
    expect(bare.cpu.rip).toBe(CODE + 1n);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x40_0000_0000n);
    expect(bare.cpu.retired).toBe(1);
  });

  it("executes code that it has just changed", () => {
    const bare = new BareMachine();
    // mov byte [rip+1], 5 ; mov al, 1 ; hlt: the store changes the operand of the next instruction
    expect(bare.run([0xc6, 0x05, 1, 0, 0, 0, 5, 0xb0, 1, HLT])).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rax] & 0xffn).toBe(5n);
  });
});
