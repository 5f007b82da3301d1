import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { BareMachine, DATA } from "../testing/index";

describe("translations of code that runs once", () => {
  it("are not kept without end, however small their blocks are", () => {
    const bare = new BareMachine({ memory: 8 << 20 });
    const { machine } = bare;
    // jmp short +0, so many times that each is a block of its own, and hlt
    const blocks = 20_000;
    const code = new Uint8Array(2 * blocks + 1).fill(0xf4);
    for (let at = 0; at < blocks; at++) {
      code.set([0xeb, 0], 2 * at);
    }
    machine.memory.write(__hpa(DATA), code);
    // mov eax, DATA; jmp rax
    const toData = [0xb8, 0, 0, Number(DATA >> 16n), 0, 0xff, 0xe0];
    expect(bare.run(toData)).toEqual({ kind: "halted" });
    expect(machine.code.made).toBeGreaterThanOrEqual(blocks);
    // What is kept takes 16 MiB at most, and each counts as 2 KiB at least.
    expect(machine.code.size).toBeLessThanOrEqual(8192);
    expect(machine.code.size).toBeGreaterThan(4096);
  });
});
