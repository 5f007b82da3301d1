import { describe, expect, it } from "vitest";
import { Gpr } from "../../cpu/state";
import { booted, SPIN, store, writeMsr } from "./test-kernel";

const HLT = 0xf4;
const RDTSC = [0x0f, 0x31];
/** mov ebx, eax */
const KEEP = [0x89, 0xc3];
/** sub eax, ebx */
const DIFFERENCE = [0x29, 0xd8];

/** Ticks of the time-stamp counter, a nanosecond each, that code takes with the RDTSC in front of it and the MOV. */
function duration(...code: number[]): bigint {
  const { computer } = booted([...RDTSC, ...KEEP, ...code, ...RDTSC, ...DIFFERENCE, HLT]);
  computer.runFor(100);
  return computer.machine.processors[0].gpr[Gpr.rax];
}

/**
 * Channel 2 of the 8254, gate on, mode 0, 1194 ticks of 1193182 Hz: 1.0007 ms. Then, until port 61H bit 5 tells that it
 * is over: in al, 61h; test al, 20h; jz.
 */
const WAIT_A_MILLISECOND = [
  ...[0xb0, 1, 0xe6, 0x61, 0xb0, 0xb0, 0xe6, 0x43, 0xb0, 1194 & 0xff, 0xe6, 0x42, 0xb0, 1194 >> 8, 0xe6, 0x42],
  ...[0xe4, 0x61, 0xa8, 0x20, 0x74, 0xfa],
];

describe("the time of an access to a port", () => {
  it("is a microsecond, in each repetition of INS and OUTS, too; an instruction's is a nanosecond", () => {
    expect(duration()).toBe(2n);
    expect(duration(0xe6, 0x80)).toBe(1003n);
    expect(duration(0xe4, 0x80)).toBe(1003n);
    // mov ecx, 3; mov edx, 80h; mov esi, 100000h; rep outsb
    expect(duration(0xb9, 3, 0, 0, 0, 0xba, 0x80, 0, 0, 0, 0xbe, 0, 0, 0x10, 0, 0xf3, 0x6e)).toBe(3008n);
  });

  it("makes a loop that polls a timer short", () => {
    const { computer } = booted([...WAIT_A_MILLISECOND, HLT]);
    expect(computer.runFor(1_000_000)).toEqual({ kind: "halted" });
    // 1001 accesses, each with TEST and JZ.
    expect(Math.abs(computer.executed - 3003)).toBeLessThan(20);
  });

  it("lets an interrupt come that is due in it, right behind the instruction", () => {
    // TSC-deadline mode, vector 40H; without an IDT the interrupt shuts the processor down.
    const { computer } = booted([
      ...[...store(0xfee000f0, 0x1ff), ...store(0xfee00320, 0x40040), ...writeMsr(0x6e0, 500)],
      ...[0xfb, 0x90, 0xe6, 0x80],
      ...SPIN,
    ]);
    expect(computer.runFor(1_000_000)).toMatchObject({ kind: "shutdown" });
    // STORE, STORE, three moves and WRMSR, STI, NOP, OUT, and the delivery, which counts as one.
    expect(computer.executed).toBeLessThan(12);
  });

  it("is the same, whatever the pieces in which the computer runs", () => {
    const whole = booted([...WAIT_A_MILLISECOND, ...WAIT_A_MILLISECOND, HLT], 2).computer;
    whole.runFor(1_000_000);
    const pieces = booted([...WAIT_A_MILLISECOND, ...WAIT_A_MILLISECOND, HLT], 2).computer;
    for (let size = 1; pieces.runFor(size) === null; size = (size * 7) % 101);
    expect(pieces.executed).toBe(whole.executed);
    expect(pieces.machine.processors[0].timeStamp).toBe(whole.machine.processors[0].timeStamp);
  });
});
