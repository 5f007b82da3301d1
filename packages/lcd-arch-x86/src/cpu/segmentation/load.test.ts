import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { Blocking } from "../interrupt/shadow";
import { ABOVE_4_GIB, BELOW_4_GIB, LongModeSystem, Selector as LongSelector } from "../interrupt/test-long-mode";
import { CODE, LDT, ProtectedModeSystem, Selector } from "../interrupt/test-protected-mode";
import { Gpr, Segment } from "../state";
import { setSegment } from "./registers";

const HLT = 0xf4;
/** MOV from AX to ES, SS, DS, FS, GS. */
const MOV_ES = [0x8e, 0xc0];
const MOV_SS = [0x8e, 0xd0];
const MOV_DS = [0x8e, 0xd8];

let system: ProtectedModeSystem;
beforeEach(() => {
  system = new ProtectedModeSystem();
});

/** Executes `mov segment, selector` at a privilege level, and halts; CPL 3 goes on to a handler. */
function load(code: readonly number[], selector: number, cpl: 0 | 1 | 3 = 0): void {
  system.cpu.gpr[Gpr.rax] = BigInt(selector);
  if (cpl === 0) {
    system.run([...code, HLT]);
  } else {
    system.runAt(cpl, [...code, 0x0f, 0x0b]);
  }
}

describe("MOV to a segment register (SDM 2B)", () => {
  it("caches base, limit and rights, and sets the descriptor's accessed bit", () => {
    system.describe(Selector.small, 0x1240_9234_5678_0fffn);
    load(MOV_DS, Selector.small);
    const { state } = system.cpu;
    expect(system.selector(Segment.ds)).toBe(Selector.small);
    expect(state.get64("segmentBase", Segment.ds)).toBe(0x1234_5678n);
    expect(state.get32("segmentLimit", Segment.ds)).toBe(0xfff);
    expect(state.get32("segmentRights", Segment.ds)).toBe(0x4093);
    expect(system.accessByte(Selector.small)).toBe(0x93);
  });

  it("scales the limit with G, and reads the LDT with TI", () => {
    setSegment(system.cpu.state, Segment.ldtr, Selector.ldt, LDT, 0x1f, 0x82);
    system.machine.memory.writeU64(__hpa(LDT + 8), 0x00c0_9200_0000_0001n);
    load(MOV_ES, 0x0c);
    expect(system.cpu.state.get32("segmentLimit", Segment.es)).toBe(0x1fff);
    expect(system.selector(Segment.es)).toBe(0x0c);
  });

  it("takes a null selector, whose use raises #GP(0)", () => {
    // mov ds, eax; mov al, [0x300000]
    system.cpu.gpr[Gpr.rax] = 3n;
    system.run([...MOV_DS, 0xa0, 0, 0, 0x30, 0, HLT]);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([13, 0, Number(CODE) + 2]);
    expect(system.selector(Segment.ds)).toBe(3);
  });

  it.each([
    ["beyond the GDT", MOV_DS, 0x98, 0, 13, 0x98],
    ["in an LDT that is not there", MOV_DS, 0x0c, 0, 13, 0x0c],
    ["of a system segment", MOV_DS, Selector.ldt, 0, 13, Selector.ldt],
    ["of data that is not present", MOV_DS, Selector.absent, 0, 11, Selector.absent],
    ["of more privileged data", MOV_DS, Selector.data, 3, 13, Selector.data],
    ["of data below its RPL", MOV_DS, Selector.data | 1, 0, 13, Selector.data],
    ["null for SS", MOV_SS, 0, 0, 13, 0],
    ["of code for SS", MOV_SS, Selector.code, 0, 13, Selector.code],
    ["of read-only data for SS", MOV_SS, Selector.readOnly, 0, 13, Selector.readOnly],
    ["with another RPL than CPL for SS", MOV_SS, Selector.data | 3, 0, 13, Selector.data],
    ["of another DPL than CPL for SS", MOV_SS, Selector.userData & ~3, 0, 13, Selector.userData & ~3],
    ["of data that is not present for SS", MOV_SS, Selector.absent, 0, 12, Selector.absent],
  ] as const)("refuses a selector %s", (_, code, selector, cpl, vector, errorCode) => {
    load(code, selector, cpl);
    expect([system.halted, system.stacked(0)]).toEqual([vector, errorCode]);
  });

  it("refuses code that cannot be read, but takes conforming code of any privilege that can", () => {
    system.describe(Selector.code1, 0x00cf_9800_0000_ffffn);
    load(MOV_DS, Selector.code1 & ~3);
    expect([system.halted, system.stacked(0)]).toEqual([13, Selector.code1 & ~3]);
    system = new ProtectedModeSystem();
    load(MOV_DS, Selector.conforming | 3, 3);
    expect([system.halted, system.selector(Segment.ds)]).toEqual([6, Selector.conforming | 3]);
  });

  it("keeps interrupts away for one instruction when it loads SS", () => {
    system.cpu.gpr[Gpr.rax] = BigInt(Selector.data);
    system.load([...MOV_SS, 0x90, 0x90]);
    system.cpu.run(1);
    expect(system.cpu.interruptibility).toBe(Blocking.byMovSs);
    system.cpu.run(1);
    expect(system.cpu.interruptibility).toBe(0);
  });
});

describe("other loads of segment registers", () => {
  it("PUSH and POP move as much as the operand size says", () => {
    // push gs; push 0x80; pop fs; o16 pop es (takes two bytes of what push gs left)
    system.run([0x0f, 0xa8, 0x68, Selector.small, 0, 0, 0, 0x0f, 0xa1, 0x66, 0x07, HLT]);
    expect(system.selector(Segment.fs)).toBe(Selector.small);
    expect(system.selector(Segment.es)).toBe(Selector.data);
    expect(system.esp).toBe(0x20_0000 - 2);
  });

  it("POP leaves ESP when the selector is refused", () => {
    // push 0x98; pop ds
    system.run([0x68, 0x98, 0, 0, 0, 0x1f]);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([13, 0x98, Number(CODE) + 5]);
    expect(system.esp).toBe(0x20_0000 - 4 - 16);
  });

  it("LSS loads SS and ESP together, and nothing when the selector is refused", () => {
    system.write32(0x30_0000, 0x1f_0000);
    system.write16(0x30_0004, Selector.data);
    // lss esp, [0x300000]
    const code = [0x0f, 0xb2, 0x25, 0, 0, 0x30, 0, HLT];
    system.run(code);
    expect(system.esp).toBe(0x1f_0000);
    system.write16(0x30_0004, Selector.code);
    system.run(code);
    expect([system.halted, system.stacked(0), system.esp]).toEqual([13, Selector.code, 0x20_0000 - 16]);
  });

  it("MOV to CS is no instruction", () => {
    system.run([0x8e, 0xc8]);
    expect(system.halted).toBe(6);
  });
});

describe("segment registers in 64-bit mode", () => {
  it("SS takes a null selector at CPL 0, with RPL 0 only", () => {
    const long = new LongModeSystem();
    // xor eax, eax; mov ss, eax; push rax; hlt
    expect(long.run([0x31, 0xc0, 0x8e, 0xd0, 0x50, HLT])).toEqual({ kind: "halted" });
    expect(long.selector(Segment.ss)).toBe(0);
    // mov al, 1; mov ss, eax
    long.run([0xb0, 1, 0x8e, 0xd0]);
    expect([long.halted, long.stacked(0)]).toEqual([13, 0n]);
  });

  it("FS gets the 32-bit base of its descriptor", () => {
    const long = new LongModeSystem();
    long.describe(LongSelector.kernelCode32, 0x8040_9200_1000_0fffn);
    long.cpu.state.set64("segmentBase", 0xffff_8000_0000_0000n, Segment.fs);
    long.cpu.gpr[Gpr.rax] = BigInt(LongSelector.kernelCode32);
    long.run([0x8e, 0xe0, HLT]);
    expect(long.cpu.state.get64("segmentBase", Segment.fs)).toBe(0x8000_1000n);
  });
});

describe("a descriptor table in IA-32e mode (SDM 3A, Segment Descriptor Tables in IA-32e Mode: bases of 64 bits)", () => {
  it("goes on behind 4 GiB for compatibility mode, too, in the middle of a descriptor", () => {
    const long = new LongModeSystem();
    const { memory } = long.machine;
    long.mapAround4GiB();
    memory.writeU32(__hpa(BELOW_4_GIB + 0xffcn), 0x0000_ffff);
    memory.writeU32(__hpa(ABOVE_4_GIB), 0x00cf_f200);
    long.cpu.state.set64("gdtrBase", 0x1_0000_0000n - 4n - BigInt(LongSelector.userData & ~7));
    long.cpu.deliversExceptions = false;
    long.cpu.gpr[Gpr.rax] = BigInt(LongSelector.userData);
    expect(long.runUser([...MOV_DS, 0x0f, 0x0b], LongSelector.userCode32)).toMatchObject({ vector: 6 });
    expect(long.selector(Segment.ds)).toBe(LongSelector.userData);
    expect(long.cpu.state.get32("segmentRights", Segment.ds)).toBe(0xc0f3);
    // The accessed bit is in the half behind 4 GiB.
    expect(memory.readU32(__hpa(ABOVE_4_GIB))).toBe(0x00cf_f300);
  });
});
