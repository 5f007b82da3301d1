import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { STACK_TOP } from "../../testing/index";
import { externalInterrupt } from "./event";
import { deliver } from "./raise";
import { CODE, HANDLERS, IST1, LongModeSystem } from "./test-long-mode";
import { OTHER_TSS, ProtectedModeSystem, Selector, STACK_1 } from "./test-protected-mode";

const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];
const B0 = 0xffff0ff1n;

/** DR7: breakpoint 0 is met by writes to 4 bytes; enabled for this task, or for all. */
const LOCAL = 0xd0401n;
const GLOBAL = 0xd0402n;

/** RFLAGS in a frame of 64-bit mode that begins at `top`. */
const flagsAt = (top: bigint): bigint => top - 24n;

function watching(address: bigint, control = LOCAL): LongModeSystem {
  const system = new LongModeSystem();
  system.cpu.state.set64("dr", address, 0);
  system.cpu.state.set64("dr", control, 7);
  return system;
}

/*
 * Data breakpoints are traps: they come behind what has accessed the data, before the next instruction (SDM 3A, "Priority
 * Among Concurrent Events"), which is the handler's first one.
 */
describe("a data breakpoint on the stack that an event's frame is pushed to", () => {
  it.each([
    ["a fault", UD2, 6],
    ["INT n", [0xcd, 0x30], 0x30],
    ["INT3", [0xcc], 3],
  ])("of %s raises #DB before the handler's first instruction", (_, code, vector) => {
    const system = watching(flagsAt(STACK_TOP));
    system.run([...code, HLT]);
    expect([system.halted, system.stacked(0)]).toEqual([1, HANDLERS + BigInt(vector * 16)]);
    expect(system.cpu.state.get64("dr", 6)).toBe(B0);
  });

  it("of an external interrupt, too, though no instruction has run with it", () => {
    const system = watching(flagsAt(STACK_TOP));
    system.load([HLT]);
    deliver(system.cpu, externalInterrupt(0x30));
    system.cpu.run(10);
    expect([system.halted, system.stacked(0)]).toEqual([1, HANDLERS + 0x300n]);
  });

  it("is not met once it is disabled, though no instruction has run without it", () => {
    const system = watching(flagsAt(STACK_TOP));
    system.cpu.gpr[0] = 0x400n;
    // mov dr7, rax
    system.run([0x0f, 0x23, 0xf8, HLT], 1);
    deliver(system.cpu, externalInterrupt(0x30));
    system.cpu.run(10);
    expect(system.halted).toBe(0x30);
  });

  it("is not met by a delivery that faults: its #DF has a stack of its own", () => {
    const system = watching(flagsAt(STACK_TOP));
    system.gate(6, { present: false });
    system.gate(11, { present: false });
    system.gate(8, { ist: 1 });
    system.run(UD2);
    expect(system.halted).toBe(8);
    expect(system.cpu.state.get64("dr", 6) & 0xfn).toBe(0n);
  });

  it("of #DB itself raises it for ever, which takes time and ends a run", () => {
    const system = watching(flagsAt(IST1));
    system.gate(1, { ist: 1 });
    system.cpu.state.set64("dr", CODE, 1);
    system.cpu.state.set64("dr", LOCAL | 4n, 7);
    expect(system.run([HLT], 1000)).toEqual({ kind: "limit" });
    expect([system.cpu.rip, system.cpu.retired]).toEqual([HANDLERS + 16n, 1000]);
  });
});

describe("a data breakpoint on the stack of a task that handles an exception", () => {
  function run(control: bigint): ProtectedModeSystem {
    const system = new ProtectedModeSystem();
    // EIP, EFLAGS, ESP, and ES CS SS DS of the handler's task.
    system.write32(OTHER_TSS + 32, HANDLERS_32);
    system.write32(OTHER_TSS + 36, 2);
    system.write32(OTHER_TSS + 56, STACK_1);
    [0, Selector.code, Selector.data, Selector.data].forEach((selector, index) => {
      system.write32(OTHER_TSS + 72 + index * 4, selector);
    });
    system.machine.memory.writeU8(__hpa(HANDLERS_32), HLT);
    system.gate(13, { type: 5, selector: Selector.otherTask });
    system.cpu.state.set64("dr", BigInt(STACK_1 - 4), 0);
    system.cpu.state.set64("dr", control, 7);
    // mov ds, eax
    system.load([0x8e, 0xd8]);
    system.cpu.gpr[0] = 0x98n;
    system.cpu.run(10);
    return system;
  }
  const HANDLERS_32 = 0x16_0000;

  it("is met by the error code if it is enabled for all tasks", () => {
    const system = run(GLOBAL);
    expect([system.halted, system.stacked(0), system.stacked(3)]).toEqual([1, HANDLERS_32, 0x98]);
  });

  it("is not if it is enabled for the old one (SDM 3B, Debug Control Register (DR7))", () => {
    const { cpu } = run(LOCAL);
    expect(cpu.rip).toBe(BigInt(HANDLERS_32 + 1));
  });
});
