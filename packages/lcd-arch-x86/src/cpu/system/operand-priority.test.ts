import { describe, expect, it } from "vitest";
import { Cr0, Cr4 } from "../../mmu/control-bits";
import { Segment } from "../state";
import { type Mode, ModeMachine, withCr4 } from "./test-modes";

const UD = { kind: "exception", vector: 6, errorCode: null };
const NM = { kind: "exception", vector: 7, errorCode: null };
const SS = { kind: "exception", vector: 12, errorCode: 0 };
const GP = { kind: "exception", vector: 13, errorCode: 0 };

/** ss: [ffff]: the last byte of a segment of 64 KiB, with a displacement of 16 bits; `opcode` ends before the ModRM byte. */
const atEnd = (opcode: readonly number[], extension = 0): number[] => [
  0x36,
  ...opcode,
  6 | (extension << 3),
  0xff,
  0xff,
];
const lldt = atEnd([0x0f, 0x00], 2);
const verr = atEnd([0x0f, 0x00], 4);
const lar = atEnd([0x0f, 0x02]);
const arpl = atEnd([0x63]);
const vmptrld = atEnd([0x0f, 0xc7], 6);
const sgdt = atEnd([0x0f, 0x01], 0);
const lgdt = atEnd([0x0f, 0x01], 2);
const fxsave = atEnd([0x0f, 0xae], 0);
const xsave = atEnd([0x0f, 0xae], 4);

/*
 * Invalid opcodes and #NM are found when the instruction is decoded, what is wrong with its operand when it is executed
 * (SDM 3A, "Priority Among Concurrent Events").
 */
describe("a memory operand beyond its segment", () => {
  it.each<[string, Mode, readonly number[]]>([
    ["LLDT", "real-address", lldt],
    ["VERR", "virtual-8086", verr],
    ["LAR", "real-address", lar],
    ["ARPL", "virtual-8086", arpl],
    ["VMPTRLD", "real-address", vmptrld],
    ["XSAVE without CR4.OSXSAVE", "real-address", xsave],
  ])("does not count where there is no %s", (_, mode, code) => {
    expect(new ModeMachine(mode).run(code)).toEqual(UD);
  });

  it.each([
    ["FXSAVE", fxsave],
    ["XSAVE", xsave],
  ])("does not count while %s raises #NM", (_, code) => {
    const machine = withCr4(new ModeMachine("real-address"), Cr4.OSXSAVE);
    machine.cpu.state.set64("cr0", BigInt(Cr0.TS | Cr0.ET));
    machine.cpu.addressSpaceChanged();
    expect(machine.run(code)).toEqual(NM);
    machine.cpu.state.set64("cr0", BigInt(Cr0.ET));
    machine.cpu.addressSpaceChanged();
    expect(machine.run(code)).toEqual(SS);
  });

  it("does not count where the privilege is missing: LGDT, and with CR4.UMIP SGDT, of virtual-8086 code", () => {
    expect(new ModeMachine("virtual-8086").run(lgdt)).toEqual(GP);
    expect(new ModeMachine("virtual-8086").run(sgdt)).toEqual(SS);
    expect(withCr4(new ModeMachine("virtual-8086"), Cr4.UMIP).run(sgdt)).toEqual(GP);
  });

  it("counts where the instruction may be executed", () => {
    const machine = new ModeMachine("protected");
    machine.cpu.state.set32("segmentLimit", 0xfffe, Segment.ss);
    machine.cpu.addressSpaceChanged();
    // verr ss:[ffff]
    expect(machine.run([0x36, 0x67, 0x0f, 0x00, 0x26, 0xff, 0xff])).toEqual(SS);
  });
});
