import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { STACK_TOP } from "../../testing/index";
import {
  CODE,
  gateOf,
  LDT,
  OTHER_TSS,
  ProtectedModeSystem,
  Selector,
  STACK_1,
  TSS,
  TSS_16,
  USER_CODE,
  USER_STACK,
} from "../interrupt/test-protected-mode";
import { Gpr, Rflags, Segment } from "../state";

const HLT = 0xf4;
const TARGET = 0x16_0000;
const IRETD = 0xcf;

/** Access byte: present TSS of 32 bits, available and busy. */
const AVAILABLE = 0x89;
const BUSY = 0x8b;

let system: ProtectedModeSystem;
beforeEach(() => {
  system = new ProtectedModeSystem();
  prepare();
});

interface Task {
  eip?: number;
  eflags?: number;
  esp?: number;
  cs?: number;
  ss?: number;
  ds?: number;
  ldt?: number;
  trap?: number;
}

/** Fills the other task's TSS: at CPL 0 it halts at TARGET. */
function prepare(task: Task = {}): void {
  const { eip = TARGET, eflags = 2, esp = STACK_1, cs = Selector.code, ss = Selector.data, ds = Selector.data } = task;
  const { ldt = 0, trap = 0 } = task;
  system.write32(OTHER_TSS + 32, eip);
  system.write32(OTHER_TSS + 36, eflags);
  // EAX to EDI: 1, 2, 3 ... but for ESP.
  for (let register = 0; register < 8; register++) {
    system.write32(OTHER_TSS + 40 + register * 4, register === Gpr.rsp ? esp : register + 1);
  }
  // ES CS SS DS FS GS
  for (const [index, selector] of [0, cs, ss, ds, 0, 0].entries()) {
    system.write32(OTHER_TSS + 72 + index * 4, selector);
  }
  system.write32(OTHER_TSS + 96, ldt);
  system.write16(OTHER_TSS + 100, trap);
  system.machine.memory.writeU8(__hpa(TARGET), HLT);
}

const far = (opcode: number, selector: number): number[] => [opcode, 0, 0, 0, 0, selector, 0];
const jump = (selector: number) => far(0xea, selector);
const call = (selector: number) => far(0x9a, selector);

describe("a task switch by JMP (SDM 3A, Task Switching)", () => {
  it("saves the old task in its TSS and loads the new one", () => {
    const { cpu } = system;
    system.load(jump(Selector.otherTask));
    cpu.gpr[Gpr.rdi] = 0x1234_5678n;
    cpu.eflags = Rflags.CF | Rflags.fixed;
    cpu.run(10);
    expect(cpu.rip).toBe(BigInt(TARGET + 1));
    expect([Gpr.rax, Gpr.rcx, Gpr.rsp, Gpr.rdi].map((register) => cpu.gpr[register])).toEqual([
      1n,
      2n,
      BigInt(STACK_1),
      8n,
    ]);
    expect([system.selector(Segment.cs), system.selector(Segment.ds), system.selector(Segment.es)]).toEqual([
      Selector.code,
      Selector.data,
      0,
    ]);
    // Old EIP, EFLAGS, ESP, EDI, CS.
    expect([32, 36, 56, 68, 76].map((at) => system.read32(TSS + at))).toEqual([
      Number(CODE) + 7,
      Rflags.CF | Rflags.fixed,
      Number(STACK_TOP),
      0x1234_5678,
      Selector.code,
    ]);
  });

  it("makes the old task available and the new one busy; sets CR0.TS, not NT", () => {
    system.run(jump(Selector.otherTask));
    expect([system.accessByte(Selector.task), system.accessByte(Selector.otherTask)]).toEqual([AVAILABLE, BUSY]);
    expect(system.cpu.state.low("cr0") & 8).toBe(8);
    expect(system.cpu.eflags & Rflags.NT).toBe(0);
    expect(system.selector(Segment.tr)).toBe(Selector.otherTask);
  });
});

describe("a task switch by CALL", () => {
  it("nests: both tasks are busy, NT and the back link lead back", () => {
    system.run(call(Selector.otherTask));
    expect([system.accessByte(Selector.task), system.accessByte(Selector.otherTask)]).toEqual([BUSY, BUSY]);
    expect(system.cpu.eflags & Rflags.NT).toBe(Rflags.NT);
    expect(system.read16(OTHER_TSS)).toBe(Selector.task);
  });

  it("IRET returns to the task in the back link, and clears NT in what it leaves", () => {
    system.machine.memory.write(__hpa(TARGET), Uint8Array.of(IRETD, 0x90, 0x90, HLT));
    system.run([...call(Selector.otherTask), HLT]);
    expect(system.cpu.rip).toBe(CODE + 8n);
    expect(system.selector(Segment.tr)).toBe(Selector.task);
    expect([system.accessByte(Selector.task), system.accessByte(Selector.otherTask)]).toEqual([BUSY, AVAILABLE]);
    expect(system.read32(OTHER_TSS + 36) & Rflags.NT).toBe(0);
    // Called again, the other task goes on behind its IRET.
    system.run([...call(Selector.otherTask), HLT]);
    expect(system.cpu.rip).toBe(BigInt(TARGET + 4));
  });

  it("IRET to the task itself goes on behind it: its state is saved before it is loaded", () => {
    const { cpu } = system;
    system.write16(TSS, Selector.task);
    system.load([IRETD, 0x90, HLT]);
    cpu.gpr[Gpr.rdi] = 0x1234_5678n;
    cpu.eflags = Rflags.NT | Rflags.fixed;
    expect(cpu.run(10)).toEqual({ kind: "halted" });
    expect([cpu.rip, cpu.gpr[Gpr.rdi], cpu.eflags & Rflags.NT]).toEqual([CODE + 3n, 0x1234_5678n, 0]);
  });

  it("goes through a task gate, too, which CPL 3 may use if its DPL is 3", () => {
    system.describe(Selector.taskGate, gateOf({ type: 5, dpl: 3, selector: Selector.otherTask }));
    system.runAt(3, call(Selector.taskGate | 3));
    expect(system.cpu.rip).toBe(BigInt(TARGET + 1));
    expect(system.cpu.state.get32("cpl")).toBe(0);
    expect([system.read32(TSS + 32), system.read32(TSS + 76)]).toEqual([USER_CODE + 7, Selector.userCode]);
    system = new ProtectedModeSystem();
    prepare();
    system.runAt(3, call(Selector.otherTask));
    expect([system.halted, system.stacked(0)]).toEqual([13, Selector.otherTask]);
  });
});

describe("a task gate in the IDT", () => {
  it("gives an exception's error code to the new task, which returns with IRET", () => {
    system.gate(13, { type: 5, selector: Selector.otherTask });
    // add esp, 4; iretd
    system.machine.memory.write(__hpa(TARGET), Uint8Array.of(0x83, 0xc4, 4, IRETD));
    system.load([0x8e, 0xd8, 0x90, HLT]);
    system.cpu.gpr[Gpr.rax] = 0x98n;
    system.cpu.run(1);
    expect([system.cpu.rip, system.stacked(-1), system.esp]).toEqual([BigInt(TARGET + 3), 0x98, STACK_1]);
    expect(system.read32(TSS + 32)).toBe(Number(CODE));
    expect(system.read32(TSS + 36) & Rflags.RF).toBe(Rflags.RF);
    system.write32(TSS + 40, Selector.data);
    system.cpu.run(10);
    expect(system.cpu.rip).toBe(CODE + 4n);
  });
});

describe("16-bit tasks", () => {
  it("have registers of 16 bits and no FS and GS", () => {
    // IP FLAGS AX CX DX BX SP BP SI DI ES CS SS DS
    [0x20, 2, 1, 2, 3, 4, 0xfff0, 6, 7, 8, 0, Selector.code16, Selector.stack16, Selector.data].forEach(
      (word, index) => {
        system.write16(TSS_16 + 14 + index * 2, word);
      },
    );
    system.machine.memory.writeU8(__hpa(CODE + 0x20n), HLT);
    system.run(jump(Selector.task16));
    expect(system.cpu.rip).toBe(0x21n);
    expect([Gpr.rax, Gpr.rsp, Gpr.rdi].map((register) => system.cpu.gpr[register])).toEqual([1n, 0xfff0n, 8n]);
    expect([Segment.ss, Segment.ds, Segment.fs].map((segment) => system.selector(segment))).toEqual([
      Selector.stack16,
      Selector.data,
      0,
    ]);
    // The old task was a 32-bit one.
    expect(system.read32(TSS + 32)).toBe(Number(CODE) + 7);
  });
});

describe("faults of a task switch (SDM 3A, Exception Conditions Checked During a Task Switch)", () => {
  it.each([
    ["a busy task", () => system.describe(Selector.otherTask, 0x0000_8b00_a200_0067n), 13],
    ["a task that is not present", () => system.describe(Selector.otherTask, 0x0000_0900_a200_0067n), 11],
    ["a TSS that is too short", () => system.describe(Selector.otherTask, 0x0000_8900_a200_0066n), 10],
  ])("%s: the old task's fault", (_, spoil, vector) => {
    spoil();
    system.run(jump(Selector.otherTask));
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([vector, Selector.otherTask, Number(CODE)]);
    expect(system.selector(Segment.tr)).toBe(Selector.task);
  });

  it.each([
    ["a null CS", { cs: 0 }, 10, 0],
    ["data in CS", { cs: Selector.data }, 10, Selector.data],
    ["a DS of more privilege", { cs: Selector.userCode, ss: Selector.userData }, 10, Selector.data],
    ["a DS that is not present", { ds: Selector.absent }, 11, Selector.absent],
    ["an EIP beyond CS", { cs: Selector.code16, eip: 0x10000 }, 13, 0],
  ])("%s: the new task's fault", (_, task: Task, vector, errorCode) => {
    prepare({ ...task, esp: USER_STACK });
    // The handler has a stack of its own at CPL 0.
    system.write32(OTHER_TSS + 4, STACK_1);
    system.write32(OTHER_TSS + 8, Selector.data);
    system.run(jump(Selector.otherTask));
    expect([system.halted, system.stacked(0)]).toEqual([vector, errorCode]);
    expect(system.selector(Segment.tr)).toBe(Selector.otherTask);
    expect(system.stacked(1)).toBe(task.eip ?? TARGET);
  });

  it.each([
    ["a bad SS", { ss: Selector.readOnly }, Selector.readOnly],
    ["an LDT that is none", { ldt: Selector.data }, Selector.data],
    ["an LDT in the LDT", { ldt: 4 }, 4],
  ])("%s: the new task's fault, which has no stack, so that the handler needs a task", (_, task, errorCode) => {
    prepare(task);
    system.gate(10, { type: 5, selector: Selector.task });
    // JMP has made the first task available; as the handler's task it goes on behind its JMP.
    system.run([...jump(Selector.otherTask), HLT]);
    expect(system.cpu.rip).toBe(CODE + 8n);
    expect(system.stacked(0)).toBe(errorCode);
  });

  it("IRET to a task that is not busy raises #TS", () => {
    system.load([IRETD]);
    system.cpu.eflags = Rflags.NT | Rflags.fixed;
    system.write16(TSS, Selector.otherTask);
    system.cpu.run(10);
    expect([system.halted, system.stacked(0)]).toEqual([10, Selector.otherTask]);
  });
});

describe("what a new task starts with", () => {
  it("an LDT, whose segments it can use", () => {
    system.machine.memory.writeU64(__hpa(LDT + 8), 0x00cf_9200_0000_ffffn);
    prepare({ ldt: Selector.ldt, ds: 0x0c });
    system.run(jump(Selector.otherTask));
    expect([system.selector(Segment.ldtr), system.selector(Segment.ds)]).toEqual([Selector.ldt, 0x0c]);
    expect(system.cpu.rip).toBe(BigInt(TARGET + 1));
  });

  it("a debug exception when T is set, before its first instruction", () => {
    prepare({ trap: 1 });
    system.run(jump(Selector.otherTask));
    expect([system.halted, system.stacked(0)]).toEqual([1, TARGET]);
    // BT
    expect(system.cpu.state.get64("dr", 6) & 0x8000n).toBe(0x8000n);
  });

  it("virtual-8086 mode when VM is set in EFLAGS", () => {
    prepare({ eflags: Rflags.VM | Rflags.IOPL | 2, cs: 0x1600, ss: 0x1800, ds: 0x1900, eip: 0, esp: 0x100 });
    // HLT at CPL 3 raises #GP at CPL 0.
    system.write32(OTHER_TSS + 4, STACK_1);
    system.write32(OTHER_TSS + 8, Selector.data);
    system.machine.memory.writeU8(__hpa(0x1_6000), HLT);
    system.run(jump(Selector.otherTask));
    expect(system.halted).toBe(13);
    // Error code, EIP, CS, EFLAGS, ESP, SS, ES, DS.
    expect([1, 2, 4, 5, 7].map((at) => system.stacked(at))).toEqual([0, 0x1600, 0x100, 0x1800, 0x1900]);
  });
});
