import { beforeEach, describe, expect, it } from "vitest";
import { DATA, STACK_TOP } from "../../testing/index";
import { Gpr, Rflags } from "../state";
import { Blocking } from "./shadow";
import { CODE, LongModeSystem, Selector } from "./test-long-mode";

const HLT = 0xf4;
const NOP = 0x90;

/** B0 to B3, BD, BS of DR6; bits that are always 1. */
const SINGLE_STEP = 0x4000n;
const DR6_FIXED = 0xffff0ff0n;

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
});

/** Runs code with TF set before its first instruction. */
function trace(code: readonly number[]): void {
  system.load(code);
  system.cpu.eflags = Rflags.TF | Rflags.fixed;
  system.cpu.run(100);
}

/** Sets DR0 and DR7. */
function watch(address: bigint, control: bigint): void {
  system.cpu.state.set64("dr", address, 0);
  system.cpu.state.set64("dr", 0x400n | control, 7);
}

const dr6 = (): bigint => system.cpu.state.get64("dr", 6);

describe("TF (SDM 3B, Single-Step Exception Condition)", () => {
  it("raises #DB behind an instruction, with BS; the handler runs without", () => {
    trace([NOP, NOP]);
    expect(system.halted).toBe(1);
    expect(system.stacked(0)).toBe(CODE + 1n);
    expect(system.stacked(2)).toBe(BigInt(Rflags.TF | Rflags.fixed));
    expect(dr6()).toBe(DR6_FIXED | SINGLE_STEP);
    expect(system.cpu.eflags & Rflags.TF).toBe(0);
  });

  it("traces a program with a handler that returns", () => {
    // inc ebx; iretq
    system.handle(1, [0xff, 0xc3, 0x48, 0xcf]);
    // nop; nop; mov al, 1; ud2
    trace([NOP, NOP, 0xb0, 1, 0x0f, 0x0b]);
    expect(system.halted).toBe(6);
    expect(system.cpu.gpr[Gpr.rbx]).toBe(3n);
  });

  it("wakes a processor that HLT has halted (SDM 2A, HLT: a debug exception resumes execution)", () => {
    trace([HLT, NOP]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 1n]);
    expect(dr6()).toBe(DR6_FIXED | SINGLE_STEP);
  });

  it("comes behind each repetition of a string instruction", () => {
    system.cpu.gpr[Gpr.rcx] = 3n;
    system.cpu.gpr[Gpr.rdi] = DATA;
    trace([0xf3, 0xaa, HLT]);
    expect(system.stacked(0)).toBe(CODE);
    expect(system.cpu.gpr[Gpr.rcx]).toBe(2n);
  });

  it("set by POPF comes behind the instruction after it", () => {
    // push 0x102; popf; nop; nop
    system.run([0x68, 2, 1, 0, 0, 0x9d, NOP, NOP, HLT]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 7n]);
  });

  it("cleared by POPF still comes behind that", () => {
    system.machine.memory.writeU64((STACK_TOP - 8n) as never, 2n);
    // lea rsp, [rsp-8] has no flags; popf
    system.load([0x9d, NOP]);
    system.cpu.gpr[Gpr.rsp] = STACK_TOP - 8n;
    system.cpu.eflags = Rflags.TF | Rflags.fixed;
    system.cpu.run(10);
    expect([system.halted, system.stacked(0), system.stacked(2)]).toEqual([1, CODE + 1n, 2n]);
  });

  it("does not come into the handler of INT n, nor behind MOV to SS", () => {
    trace([0xcd, 0x80]);
    expect(system.halted).toBe(0x80);
    system = new LongModeSystem();
    system.cpu.gpr[Gpr.rax] = BigInt(Selector.kernelData);
    // mov ss, eax; nop
    trace([0x8e, 0xd0, NOP]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 3n]);
  });

  it("is not held back by STI", () => {
    trace([0xfb, NOP, HLT]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 1n]);
  });

  it("of a fault gives way to it: the fault comes instead", () => {
    trace([0x0f, 0x0b]);
    expect(system.halted).toBe(6);
    expect(Number(system.stacked(2)) & Rflags.TF).toBe(Rflags.TF);
  });
});

describe("instruction breakpoints (SDM 3B, Instruction-Breakpoint Exception Condition)", () => {
  it("raise #DB before the instruction, with RF as it was", () => {
    watch(CODE + 1n, 1n);
    system.run([NOP, NOP, HLT]);
    expect([system.halted, system.stacked(0), system.stacked(2)]).toEqual([1, CODE + 1n, 2n]);
    expect(dr6()).toBe(DR6_FIXED | 1n);
  });

  it("are passed with RF, once", () => {
    watch(CODE + 1n, 1n);
    // Handler: inc ebx; bts dword [rsp+16], 16; iretq
    system.handle(1, [0xff, 0xc3, 0x0f, 0xba, 0x6c, 0x24, 0x10, 16, 0x48, 0xcf]);
    // l: nop; nop; dec ecx; jnz l; hlt
    system.cpu.gpr[Gpr.rcx] = 3n;
    expect(system.run([NOP, NOP, 0xff, 0xc9, 0x75, 0xfa, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.gpr[Gpr.rbx]).toBe(3n);
  });

  it.each([
    ["NOP", [NOP]],
    ["STI", [0xfb]],
    ["VERR AX, which sets a flag", [0x0f, 0x00, 0xe0]],
  ])("are met behind %s, which has been passed with RF", (_, code) => {
    const { cpu } = system;
    cpu.state.set64("dr", CODE, 0);
    cpu.state.set64("dr", CODE + BigInt(code.length), 1);
    // L0 and L1.
    cpu.state.set64("dr", 0x405n, 7);
    system.handle(1, [0xff, 0xc3, 0x0f, 0xba, 0x6c, 0x24, 0x10, 16, 0x48, 0xcf]);
    system.run([...code, NOP, HLT]);
    expect(cpu.gpr[Gpr.rbx]).toBe(2n);
  });

  it("are not met behind MOV to SS (SDM 3A, Masking Exceptions and Interrupts When Switching Stacks)", () => {
    watch(CODE + 2n, 1n);
    system.cpu.gpr[Gpr.rax] = BigInt(Selector.kernelData);
    // mov ss, eax; nop; hlt
    expect(system.run([0x8e, 0xd0, NOP, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.rip).toBe(CODE + 4n);
  });

  it("do nothing while they are disabled", () => {
    watch(CODE + 1n, 0n);
    expect(system.run([NOP, NOP, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.rip).toBe(CODE + 3n);
  });
});

describe("data breakpoints (SDM 3B, Data Memory and I/O Breakpoint Exception Conditions)", () => {
  // R/W0 in bits 17:16, LEN0 in 19:18; L0 in bit 0.
  const WRITES_4 = (1n << 16n) | (3n << 18n) | 1n;
  const ACCESSES_1 = (3n << 16n) | 1n;
  /** mov eax, [DATA]; nop; mov [DATA], eax; nop; hlt */
  const code = [0x8b, 0x04, 0x25, 0, 0, 0x30, 0, NOP, 0x89, 0x04, 0x25, 0, 0, 0x30, 0, NOP, HLT];

  it("on writes come behind the instruction that writes", () => {
    watch(DATA, WRITES_4);
    system.run(code);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 15n]);
    expect(dr6()).toBe(DR6_FIXED | 1n);
  });

  it("on accesses come behind a read, also when it only overlaps", () => {
    watch(DATA + 3n, ACCESSES_1);
    system.run(code);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + 7n]);
    system = new LongModeSystem();
    watch(DATA + 4n, ACCESSES_1);
    system.run(code);
    expect(system.cpu.rip).toBe(CODE + BigInt(code.length));
  });

  it("are met although the page was used before they were enabled", () => {
    // The code above without HLT first, then with the breakpoint enabled by mov dr7, rax.
    const enable = [0x48, 0xb8, ...[1, 4, 0x0d, 0, 0, 0, 0, 0], 0x0f, 0x23, 0xf8];
    system.cpu.state.set64("dr", DATA, 0);
    system.run([...code.slice(0, -1), ...enable, ...code]);
    expect(system.halted).toBe(1);
    expect(system.stacked(0)).toBe(CODE + BigInt(code.length - 1 + enable.length + 15));
  });

  it("are met although the page was used while they were disabled for some time", () => {
    system.cpu.state.set64("dr", DATA, 0);
    // mov eax, control; mov dr7, rax
    const control = (bits: number): number[] => [
      0xb8,
      bits & 0xff,
      (bits >> 8) & 0xff,
      bits >> 16,
      0,
      0x0f,
      0x23,
      0xf8,
    ];
    const [on, off] = [control(Number(WRITES_4) | 0x400), control(0x400)];
    const before = [...on, NOP, ...off, ...code.slice(0, -1), ...on];
    system.run([...before, ...code]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE + BigInt(before.length + 15)]);
  });
});

describe("a data breakpoint that MOV to SS has met (SDM 3A, Masking Exceptions and Interrupts When Switching Stacks)", () => {
  /** mov ss, [DATA] */
  const loadStack = [0x8e, 0x14, 0x25, 0, 0, 0x30, 0];

  /** Counts #DB in EBX and the exceptions of `vector` in ECX. */
  function run(vector: number, next: readonly number[]): readonly bigint[] {
    const { cpu, machine } = system;
    machine.memory.writeU64(DATA as never, BigInt(Selector.kernelData));
    watch(DATA, (3n << 16n) | 1n);
    // inc ebx (or ecx); iretq
    system.handle(1, [0xff, 0xc3, 0x48, 0xcf]);
    if (vector !== 1) system.handle(vector, [0xff, 0xc1, 0x48, 0xcf]);
    system.run([...loadStack, ...next, HLT]);
    expect(cpu.rip).toBe(CODE + BigInt(loadStack.length + next.length + 1));
    return [cpu.gpr[Gpr.rbx], cpu.gpr[Gpr.rcx]];
  }

  it("comes behind the next instruction", () => {
    expect(run(3, [NOP, NOP])).toEqual([1n, 0n]);
  });

  it("comes when the handler of INT n or INT3 begins", () => {
    expect(run(3, [0xcc])).toEqual([1n, 1n]);
    system = new LongModeSystem();
    expect(run(1, [0xcd, 1])).toEqual([2n, 0n]);
  });

  it("comes with the debug exception of INT1", () => {
    expect(run(1, [0xf1])).toEqual([1n, 0n]);
  });
});

describe("general detect", () => {
  it("raises #DB before an access to a debug register, and is off in its handler", () => {
    system.cpu.state.set64("dr", 0x2400n, 7);
    // mov rax, dr0
    system.run([0x0f, 0x21, 0xc0]);
    expect([system.halted, system.stacked(0)]).toEqual([1, CODE]);
    expect(dr6()).toBe(DR6_FIXED | (1n << 13n));
    expect(system.cpu.state.get64("dr", 7)).toBe(0x400n);
  });

  it("is a fault: RF is set in the flags that it saves (SDM 3B, Instruction-Breakpoint Exception Condition)", () => {
    system.cpu.state.set64("dr", 0x2400n, 7);
    system.run([0x0f, 0x21, 0xc0]);
    expect(system.stacked(2)).toBe(BigInt(Rflags.RF | Rflags.fixed));
  });
});

describe("RF of an instruction that is an interrupt (SDM 3B, Instruction-Breakpoint Exception Condition)", () => {
  it.each([
    ["INT 3", 3, [0xcd, 3]],
    ["INT3", 3, [0xcc]],
    ["INT1", 1, [0xf1]],
  ])("is 0 in what %s saves: it was cleared at its start", (_, vector, code) => {
    // push 18h; push 200000h; push 10002h (RF); push 10h; push CODE + 20h; iretq
    const frame = [0x6a, 0x18, 0x68, 0, 0, 0x20, 0, 0x68, 2, 0, 1, 0, 0x6a, 0x10, 0x68, 0x20, 0, 0x10, 0, 0x48, 0xcf];
    const code32 = [...frame, ...new Array(0x20 - frame.length).fill(NOP), ...code];
    system.run(code32);
    expect([system.halted, system.stacked(2)]).toEqual([vector, 2n]);
  });
});

describe("STI (SDM 2B)", () => {
  it("keeps interrupts away for one instruction, if they were off", () => {
    system.load([0xfb, NOP, 0xfb, NOP]);
    system.cpu.run(1);
    expect(system.cpu.interruptibility).toBe(Blocking.bySti);
    system.cpu.run(1);
    expect(system.cpu.interruptibility).toBe(0);
    system.cpu.run(1);
    expect(system.cpu.interruptibility).toBe(0);
  });

  it("does not do so behind IRET, which comes next, not even with RF", () => {
    // push 18h; push 200000h; push 10202h (RF); push 10h; push CODE + 20h; sti; iretq
    const frame = [0x6a, 0x18, 0x68, 0, 0, 0x20, 0, 0x68, 2, 2, 1, 0, 0x6a, 0x10, 0x68, 0x20, 0, 0x10, 0];
    system.load([...frame, 0xfb, 0x48, 0xcf]);
    system.cpu.run(7);
    expect(system.cpu.rip).toBe(CODE + 0x20n);
    expect(system.cpu.eflags).toBe(Rflags.RF | Rflags.IF | Rflags.fixed);
    expect(system.cpu.interruptibility).toBe(0);
  });
});
