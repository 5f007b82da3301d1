import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import {
  USER_CODE as LONG_USER_CODE,
  LongModeSystem,
  Selector as LongSelector,
  RSP0,
  USER_STACK as USER_STACK_64,
} from "../interrupt/test-long-mode";
import {
  CODE,
  gateOf,
  ProtectedModeSystem,
  Selector,
  STACK_0,
  TSS,
  USER_CODE,
  USER_STACK,
} from "../interrupt/test-protected-mode";
import { Gpr, Segment } from "../state";

const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];
const TARGET = 0x16_0000;

let system: ProtectedModeSystem;
beforeEach(() => {
  system = new ProtectedModeSystem();
  put(TARGET, [HLT]);
});

function put(at: number, code: readonly number[]): void {
  system.machine.memory.write(__hpa(at), Uint8Array.from(code));
}

/** JMP (0xea) or CALL (0x9a) with a 32-bit far pointer. */
const far = (opcode: number, selector: number, offset: number): number[] => [
  opcode,
  offset & 0xff,
  (offset >> 8) & 0xff,
  (offset >> 16) & 0xff,
  offset >>> 24,
  selector & 0xff,
  selector >> 8,
];
const jump = (selector: number, offset = TARGET) => far(0xea, selector, offset);
const call = (selector: number, offset = TARGET) => far(0x9a, selector, offset);

describe("far JMP and CALL to code (SDM 2A, JMP, CALL)", () => {
  it("JMP loads CS with the CPL as its RPL, whatever the selector has", () => {
    system.run(jump(Selector.code | 0));
    expect(system.cpu.rip).toBe(BigInt(TARGET + 1));
    put(TARGET, UD2);
    system.runAt(3, jump(Selector.conforming));
    expect(system.halted).toBe(6);
    expect(system.stacked(1)).toBe(Selector.conforming | 3);
  });

  it("CALL pushes CS and EIP, RET far comes back and releases parameters", () => {
    // retf 8
    put(TARGET, [0xca, 8, 0]);
    system.cpu.gpr[Gpr.rbx] = 0n;
    // sub esp, 8; call; hlt
    system.run([0x83, 0xec, 8, ...call(Selector.code), HLT]);
    expect(system.cpu.rip).toBe(CODE + 11n);
    expect(system.esp).toBe(0x20_0000);
    expect([system.read32(0x20_0000 - 16), system.read32(0x20_0000 - 12)]).toEqual([Number(CODE) + 10, Selector.code]);
  });

  it("through memory, and with 16 bits", () => {
    system.write32(0x30_0000, TARGET);
    system.write16(0x30_0004, Selector.code);
    // jmp far [0x300000]
    system.run([0xff, 0x2d, 0, 0, 0x30, 0]);
    expect(system.cpu.rip).toBe(BigInt(TARGET + 1));
    // 16-bit call to 16-bit code: words on the stack
    system.machine.memory.writeU8(__hpa(CODE + 0x40n), HLT);
    system.run([0x66, 0x9a, 0x40, 0, Selector.code16, 0]);
    expect(system.cpu.rip).toBe(0x41n);
    expect([system.read16(system.esp), system.read16(system.esp + 2)]).toEqual([
      Number(CODE + 6n) & 0xffff,
      Selector.code,
    ]);
  });

  it.each([
    ["a null selector", 0, 0, 13, 0],
    ["data", Selector.data, 0, 13, Selector.data],
    ["beyond the GDT", 0x98, 0, 13, 0x98],
    ["other than its own privilege", Selector.userCode & ~3, 0, 13, Selector.userCode & ~3],
    ["code with an RPL above CPL", Selector.code | 1, 0, 13, Selector.code],
    ["conforming code of less privilege", Selector.code1 & ~3, 0, 13, Selector.code1 & ~3],
    ["an offset beyond the limit", Selector.code16, 0x10000, 13, 0],
  ])("refuse %s", (_, selector, offset, vector, errorCode) => {
    if (selector === (Selector.code1 & ~3)) {
      system.describe(Selector.code1, 0x00cf_be00_0000_ffffn);
    }
    for (const code of [jump(selector, offset), call(selector, offset)]) {
      system.run(code);
      expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([vector, errorCode, Number(CODE)]);
    }
  });
});

describe("a far CALL without room on the stack, to an offset beyond the limit", () => {
  it("raises #SS(0): the stack is looked at first (SDM 2A, CALL)", () => {
    system.describe(Selector.small, 0x0040_f200_0000_0fffn);
    system.describe(Selector.code16, 0x0000_fa10_0000_ffffn);
    system.cpu.gpr[Gpr.rax] = BigInt(Selector.small | 3);
    // mov ss, eax; xor esp, esp; call
    system.runAt(3, [0x8e, 0xd0, 0x31, 0xe4, ...call(Selector.code16 | 3, 0x10000)]);
    expect([system.halted, system.stacked(0)]).toEqual([12, 0]);
  });
});

describe("call gates (SDM 3A, Accessing a Code Segment Through a Call Gate)", () => {
  const gate = (options: Parameters<typeof gateOf>[0]): void =>
    system.describe(Selector.gate, gateOf({ type: 12, offset: TARGET, dpl: 3, ...options }));

  it("lead to inner code on its own stack, with the parameters", () => {
    gate({ parameters: 2 });
    // push 1; push 2; call gate
    system.runAt(3, [0x6a, 1, 0x6a, 2, ...call(Selector.gate | 3, 0x1234)]);
    expect(system.cpu.rip).toBe(BigInt(TARGET + 1));
    expect(system.cpu.state.get32("cpl")).toBe(0);
    expect(system.esp).toBe(STACK_0 - 24);
    expect([0, 1, 2, 3, 4, 5].map((at) => system.stacked(at))).toEqual([
      USER_CODE + 11,
      Selector.userCode,
      2,
      1,
      USER_STACK - 8,
      Selector.userData,
    ]);
  });

  it("RET far goes back out and releases the parameters on both stacks", () => {
    gate({ parameters: 1 });
    // retf 4
    put(TARGET, [0xca, 4, 0]);
    system.runAt(3, [0x6a, 1, ...call(Selector.gate | 3), ...UD2]);
    expect(system.halted).toBe(6);
    expect([system.stacked(0), system.stacked(3)]).toEqual([USER_CODE + 9, USER_STACK]);
  });

  it("of 16 bits push words and have an offset of 16 bits", () => {
    put(0x4321, [HLT]);
    gate({ type: 4, offset: 0x4321 });
    system.runAt(3, call(Selector.gate | 3));
    expect(system.cpu.rip).toBe(0x4322n);
    expect([0, 2, 4, 6].map((at) => system.read16(system.esp + at))).toEqual([
      (USER_CODE + 7) & 0xffff,
      Selector.userCode,
      USER_STACK & 0xffff,
      Selector.userData,
    ]);
  });

  it("keep the privilege level for conforming code, and of JMP", () => {
    put(TARGET, UD2);
    gate({ selector: Selector.conforming });
    system.runAt(3, call(Selector.gate | 3));
    expect([system.halted, system.stacked(1), system.stacked(3)]).toEqual([6, Selector.conforming | 3, USER_STACK - 8]);
    gate({ selector: Selector.code });
    system.runAt(3, jump(Selector.gate | 3));
    expect([system.halted, system.stacked(0)]).toEqual([13, Selector.code]);
  });

  it.each([
    ["a gate of less DPL than CPL", { dpl: 0 }, 13, Selector.gate],
    ["a gate that is not present", { present: false }, 11, Selector.gate],
    ["a null code selector", { selector: 0 }, 13, 0],
    ["data behind the gate", { selector: Selector.data }, 13, Selector.data],
    ["an interrupt gate", { type: 14 }, 13, Selector.gate],
  ])("refuse %s", (_, options, vector, errorCode) => {
    gate(options);
    system.runAt(3, call(Selector.gate | 3));
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([vector, errorCode, USER_CODE]);
  });

  it("raise #TS for a bad SS in the TSS, with nothing changed", () => {
    gate({ selector: Selector.code1 & ~3 });
    system.write32(TSS + 16, Selector.data);
    system.runAt(3, call(Selector.gate | 3));
    expect([system.halted, system.stacked(0), system.stacked(1), system.stacked(4)]).toEqual([
      10,
      Selector.data,
      USER_CODE,
      USER_STACK,
    ]);
  });
});

describe("in IA-32e mode", () => {
  let long: LongModeSystem;
  beforeEach(() => {
    long = new LongModeSystem();
    // A 16-byte call gate to TARGET, of DPL 3 (SDM 3A, "IA-32e Mode Call Gates").
    long.describe(LongSelector.callGate, 0x0016_ec00_0010_0000n);
    long.describe(LongSelector.callGate + 8, 0n);
    long.machine.memory.write(__hpa(TARGET), Uint8Array.of(HLT));
  });

  /** call far [pointer]; the pointer is behind the code. */
  const throughGate = [0xff, 0x1d, 0, 0, 0, 0, 0, 0, 0, 0, LongSelector.callGate | 3, 0];

  it("a call gate pushes SS, RSP, CS and RIP as quadwords and leaves SS null", () => {
    // In 64-bit mode the operand is RIP-relative: displacement 0.
    long.runUser(throughGate);
    expect(long.cpu.rip).toBe(BigInt(TARGET + 1));
    expect(long.cpu.gpr[4]).toBe(RSP0 - 32n);
    expect([0, 1, 2, 3].map((at) => long.stacked(at))).toEqual([
      LONG_USER_CODE + 6n,
      BigInt(LongSelector.userCode),
      0x1a_0000n,
      BigInt(LongSelector.userData),
    ]);
    expect(long.selector(Segment.ss)).toBe(0);
  });

  it("a call gate of the same privilege pushes to RSP, whatever SS is for the compatibility mode that it is used in", () => {
    long.describe(LongSelector.callGate, 0x0016_ec00_002b_0000n);
    long.machine.memory.write(__hpa(TARGET), Uint8Array.from(UD2));
    long.cpu.state.set64("segmentBase", 0x1000n, Segment.ss);
    // call far callGate: (SDM 2A, CALL, SAME-PRIVILEGE, CallGateSize = 64)
    long.runUser(call(LongSelector.callGate | 3), LongSelector.userCode32);
    expect([long.halted, long.stacked(1)]).toEqual([6, BigInt(LongSelector.userCode)]);
    expect(long.stacked(3)).toBe(USER_STACK_64 - 16n);
    expect(long.machine.memory.readU64(__hpa(USER_STACK_64 - 16n))).toBe(LONG_USER_CODE + 7n);
    expect(long.machine.memory.readU64(__hpa(USER_STACK_64 - 8n))).toBe(BigInt(LongSelector.userCode32));
  });

  it("a gate whose upper half has a type is refused, and so is one to 32-bit code", () => {
    long.describe(LongSelector.callGate + 8, 0x0000_0100_0000_0000n);
    long.runUser(throughGate);
    expect([long.halted, long.stacked(0)]).toEqual([13, BigInt(LongSelector.callGate)]);
    long = new LongModeSystem();
    long.describe(LongSelector.callGate, 0x0016_ec00_0060_0000n);
    long.runUser(throughGate);
    expect([long.halted, long.stacked(0)]).toEqual([13, 0x60n]);
  });

  it("a far JMP enters compatibility mode and a far RET leaves it", () => {
    // In 64-bit mode: push 0x2b; push USER_CODE + 0x40; push 0x33; push TARGET; retfq: to 32-bit code.
    const code = [0x6a, 0x2b, 0x68, 0x40, 0, 0x15, 0, 0x6a, 0x33, 0x68, 0, 0, 0x16, 0, 0x48, 0xcb];
    const behind = [...new Array(0x40 - code.length).fill(0x90), ...UD2];
    // In 32-bit code: inc eax; add esp, 8 (quadwords are left on the stack); push 0x2b; push ...; retf
    const narrow = [0x40, 0x83, 0xc4, 16, 0x6a, 0x2b, 0x68, 0x40, 0, 0x15, 0, 0xcb];
    long.machine.memory.write(__hpa(TARGET), Uint8Array.from(narrow));
    long.runUser([...code, ...behind]);
    expect(long.halted).toBe(6);
    expect(long.cpu.gpr[Gpr.rax]).toBe(1n);
    expect([long.stacked(0), long.stacked(1), long.stacked(3)]).toEqual([0x15_0040n, 0x2bn, 0x1a_0000n]);
  });

  it("tasks do not exist", () => {
    long.describe(LongSelector.task, 0x0000_8900_a000_0067n);
    // jmp far [rip]
    long.runUser([0xff, 0x2d, 0, 0, 0, 0, 0, 0, 0, 0, LongSelector.task, 0]);
    expect([long.halted, long.stacked(0)]).toEqual([13, BigInt(LongSelector.task)]);
  });
});
