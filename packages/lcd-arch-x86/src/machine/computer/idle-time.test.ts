import { afterEach, describe, expect, it, vi } from "vitest";
import { Gpr } from "../../cpu/state";
import { booted, handle, initializePics, outBytes, STI_HLT } from "./test-kernel";

/** cli; rdtsc; hlt */
const END = [0xfa, 0x0f, 0x31, 0xf4];
/** Channel 0 of the 8254, mode 2, a period of 11932 ticks: 10 ms. */
const PIT = [0xb0, 0x34, 0xe6, 0x43, 0xb0, 11932 & 0xff, 0xe6, 0x40, 0xb0, 11932 >> 8, 0xe6, 0x40];
/** push eax; mov al, 20h; out 20h, al; pop eax; iret */
const HANDLER = [0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf];

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the time in which all processors are halted", () => {
  it("passes as outside while input is expected, in whole nanoseconds", async () => {
    const waits = [1, 2, 3].flatMap(() => STI_HLT);
    const { computer } = booted([...initializePics(0xfe, 0xff), ...PIT, ...waits, ...END]);
    handle(computer, 0x20, HANDLER);
    computer.expectInput(true);
    expect(await computer.run({ fuel: 1000 })).toEqual({ kind: "halted" });
    const [processor] = computer.machine.processors;
    expect(Number.isInteger(processor.time)).toBe(true);
    // The first of the three interrupts may wait already: the 8254 has been switched on.
    expect(processor.gpr[Gpr.rax]).toBeGreaterThan(19_900_000n);
  });

  it("does not pass outside when interrupts are off", async () => {
    vi.stubGlobal("setTimeout", () => {
      throw new Error("it waits");
    });
    const { computer } = booted([0xf4]);
    computer.expectInput(true);
    expect(await computer.run()).toEqual({ kind: "halted" });
  });

  it("catches up when the host's timers are coarser than the guest's", async () => {
    const { setTimeout } = globalThis;
    let waits = 0;
    vi.stubGlobal("setTimeout", (resolve: () => void, delay: number) => {
      waits++;
      return setTimeout(resolve, delay + 40);
    });
    const twenty = Array.from({ length: 20 }, () => STI_HLT).flat();
    const { computer } = booted([...initializePics(0xfe, 0xff), ...PIT, ...twenty, ...outBytes(0xf4, 0)]);
    handle(computer, 0x20, HANDLER);
    computer.expectInput(true);
    expect(await computer.run({ fuel: 1000 })).toEqual({ kind: "exit", code: 1 });
    // 20 ticks of 10 ms. Each wait lasts for 40 ms at least, or more when the host is busy.
    expect(waits).toBeLessThanOrEqual(5);
  });
});
