import { describe, expect, it } from "vitest";
import { booted, SPIN, store, writeMsr } from "./test-kernel";

/** Registers of the local APIC. */
const SPURIOUS = 0xfee000f0;
const LVT_TIMER = 0xfee00320;

const Msr = { tsc: 0x10, tscAdjust: 0x3b, tscDeadline: 0x6e0 } as const;

/** The timer in TSC-deadline mode, vector 40H; it waits for 1,000,000. STI, then what is given, then nothing for ever. */
const program = (...code: number[]): number[] => [
  ...store(SPURIOUS, 0x1ff),
  ...store(LVT_TIMER, 0x40040),
  ...writeMsr(Msr.tscDeadline, 1_000_000),
  0xfb,
  ...code,
  ...SPIN,
];

/** Instructions until the interrupt: there is no IDT, so it shuts the processor down. */
function untilInterrupt(...code: number[]): number {
  const { computer } = booted(program(...code));
  expect(computer.runFor(4_000_000)).toMatchObject({ kind: "shutdown" });
  return computer.executed;
}

describe("the APIC timer in TSC-deadline mode (SDM 3A, TSC-Deadline Mode)", () => {
  it("expires when the time-stamp counter reaches the deadline", () => {
    expect(Math.abs(untilInterrupt() - 1_000_000)).toBeLessThan(10);
  });

  it("follows what is written to IA32_TIME_STAMP_COUNTER, forwards and backwards", () => {
    expect(Math.abs(untilInterrupt(...writeMsr(Msr.tsc, 900_000)) - 100_000)).toBeLessThan(30);
    expect(untilInterrupt(...writeMsr(Msr.tsc, 2_000_000))).toBeLessThan(30);
    const back = untilInterrupt(...writeMsr(Msr.tsc, 900_000), ...writeMsr(Msr.tsc, 0));
    expect(Math.abs(back - 1_000_000)).toBeLessThan(30);
  });

  it("compares without sign", () => {
    expect(untilInterrupt(...writeMsr(Msr.tsc, -1_000_000, -1))).toBeLessThan(30);
  });

  it("follows what is written to IA32_TSC_ADJUST", () => {
    expect(Math.abs(untilInterrupt(...writeMsr(Msr.tscAdjust, 700_000)) - 300_000)).toBeLessThan(30);
  });
});
