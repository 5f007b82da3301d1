import { describe, expect, it } from "vitest";
import { BareMachine } from "../../testing/index";

const UD = { kind: "exception", vector: 6, errorCode: null };
const GP = { kind: "exception", vector: 13, errorCode: 0 };

const times = (count: number, byte: number): number[] => new Array(count).fill(byte);

/*
 * What is expected here is what the machine's own processor does: an instruction of 15 bytes is one, or #UD; a longer one is
 * #GP(0), also where it would be #UD (SDM 3B, "Exceeding Instruction-Length Limit").
 */
describe("an instruction's length", () => {
  it.each<[string, readonly number[], object]>([
    ["15 bytes that are an instruction", [...times(14, 0x66), 0x90, 0xf4], { kind: "halted" }],
    ["16 bytes that would be one", [...times(15, 0x66), 0x90], GP],
    ["15 prefixes", times(15, 0x2e), GP],
    ["15 bytes with an undefined opcode", [...times(13, 0x66), 0x0f, 0x0b], UD],
    ["16 bytes with an undefined opcode", [...times(14, 0x66), 0x0f, 0x0b], GP],
    ["15 bytes with LOCK where it must not be", [...times(12, 0xf0), 0x48, 0x01, 0xc8], UD],
    ["16 bytes with LOCK where it must not be", [...times(13, 0xf0), 0x48, 0x01, 0xc8], GP],
    // REX before other prefixes counts as a byte, and else as nothing: lock mov eax, imm32.
    ["15 bytes, some of them REX", [...times(9, 0x48), 0xf0, 0xb8, 1, 2, 3, 4], UD],
    ["16 bytes, some of them REX", [...times(10, 0x48), 0xf0, 0xb8, 1, 2, 3, 4], GP],
  ])("%s", (_, code, outcome) => {
    expect(new BareMachine().run(code)).toEqual(outcome);
  });

  it("counts across pages", () => {
    const machine = new BareMachine();
    // jmp to 8 bytes before the end of the page
    const before = [0xe9, 0xf3, 0x0f, 0, 0];
    const run = (code: readonly number[]) => machine.run([...before, ...times(0xff8 - before.length, 0x90), ...code]);
    expect(run([...times(13, 0x66), 0x0f, 0x0b])).toEqual(UD);
    expect(run([...times(14, 0x66), 0x0f, 0x0b])).toEqual(GP);
  });
});
