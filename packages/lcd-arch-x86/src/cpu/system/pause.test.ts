import { describe, expect, it } from "vitest";
import { BareMachine, CODE } from "../../testing/index";
import type { Wiring } from "../wiring";

const PAUSE = [0xf3, 0x90];
const HLT = 0xf4;

const quiet: Wiring = {
  readPort: () => 0,
  writePort: () => {},
  readMemory: () => {},
  writeMemory: () => {},
  nextDeadline: () => Number.POSITIVE_INFINITY,
  nmiPending: () => false,
  takeNmi: () => {},
  interruptPending: () => false,
  acknowledgeInterrupt: () => 0,
};

/** Interpreted, and translated in each of the two tiers. */
const tiers = [{}, { coldThreshold: 0, hotThreshold: 1e9 }, { coldThreshold: 0, hotThreshold: 0, sampleInterval: 4 }];

describe("PAUSE (SDM 2B)", () => {
  it.each(tiers)("lets the run end behind the one that was told, and is a NOP else: %o", (options) => {
    const machine = new BareMachine(options);
    const { cpu } = machine;
    cpu.wiring = quiet;
    // Three PAUSEs, and JMP back to the first.
    machine.load([...PAUSE, ...PAUSE, ...PAUSE, 0xeb, 0xf8]);
    cpu.state.set32("pausesLeft", 5);
    // The fifth is the second of the second time around.
    expect(cpu.run(1000)).toEqual({ kind: "limit" });
    expect([cpu.rip, cpu.retired]).toEqual([CODE + 4n, 6]);
    expect(cpu.run(1000)).toEqual({ kind: "limit" });
    expect(cpu.retired).toBe(1006);
  });

  it("ends no run of a processor without devices, which has nobody to wait for", () => {
    const machine = new BareMachine();
    machine.cpu.state.set32("pausesLeft", 1);
    expect(machine.run([...PAUSE, ...PAUSE, HLT])).toEqual({ kind: "halted" });
  });
});
