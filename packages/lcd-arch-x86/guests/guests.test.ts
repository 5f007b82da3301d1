import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Computer, type ComputerOptions } from "../src/machine/index";
import { guests } from "./guests.mjs";
import { expectedFile, hasQemu, runOnQemu } from "./qemu.mjs";

interface Guest {
  name: string;
  cpus?: number;
  append?: string;
  modules?: string[];
  exit?: number;
  shutdown?: boolean;
}

const MIB = 2 ** 20;
/** Ten times what the longest guest needs. */
const FUEL = 200_000_000;
/** The host may be busy with other tests. */
const TIMEOUT = 120_000;

const programs = guests as Guest[];
const kernel = ({ name }: Guest) => new Uint8Array(readFileSync(new URL(`prebuilt/${name}.elf`, import.meta.url)));
const expected = (guest: Guest) => readFileSync(expectedFile(guest), "latin1");

function boot(guest: Guest, options: Partial<ComputerOptions> = {}): { computer: Computer; printed: () => string } {
  const { name, cpus = 1, append = "", modules = [] } = guest;
  let text = "";
  const onSerial = (byte: number) => {
    text += String.fromCharCode(byte);
  };
  const computer = new Computer({ memory: 128 * MIB, cpus, onSerial, ...options });
  const files = modules.map((content, index) => ({ text: `module-${index}`, data: new TextEncoder().encode(content) }));
  computer.boot(kernel(guest), { commandLine: `${name} ${append}`, modules: files });
  return { computer, printed: () => text };
}

/** Code interpreted only, compiled in small regions at once, in large ones at once, and as it comes. */
const ways: readonly Partial<ComputerOptions>[] = [
  { coldThreshold: 1e9, hotThreshold: 1e9 },
  { coldThreshold: 0, hotThreshold: 1e9 },
  { coldThreshold: 0, hotThreshold: 0, sampleInterval: 100 },
  {},
];

/** How it ends: what `lcd machine` makes its exit code of. */
function endOf({ exit = 1, shutdown = false }: Guest): object {
  if (shutdown) return { kind: "shutdown", processor: 0 };
  return exit === 0 ? { kind: "power-off" } : { kind: "exit", code: exit };
}

describe("a guest program", () => {
  it.each(programs.map((guest) => [guest.name, guest] as const))(
    "%s prints what it prints on QEMU, and ends as there",
    { timeout: TIMEOUT },
    (_name, guest) => {
      const { computer, printed } = boot(guest);
      const result = computer.runFor(FUEL);
      expect(printed()).toBe(expected(guest));
      expect(result).toMatchObject(endOf(guest));
    },
  );

  it.each(["hello", "timer-apic", "smp", "spin-lock"])(
    "%s runs the same every time, whatever the pieces it is run in",
    { timeout: TIMEOUT },
    async (name) => {
      const guest = programs.find((program) => program.name === name) as Guest;
      const whole = boot(guest);
      await whole.computer.run();
      const pieces = boot(guest);
      for (let size = 1; pieces.computer.runFor(size) === null; size = (size * 7) % 30_011);
      expect(pieces.printed()).toBe(whole.printed());
      expect(pieces.computer.executed).toBe(whole.computer.executed);
    },
  );

  it.each(["timer-apic", "smp", "spin-lock"])(
    "%s executes the same instructions, however its code is translated",
    { timeout: TIMEOUT },
    (name) => {
      const guest = programs.find((program) => program.name === name) as Guest;
      const executed = ways.map((options) => {
        const { computer } = boot(guest, options);
        computer.runFor(FUEL);
        return computer.executed;
      });
      expect(new Set(executed).size).toBe(1);
    },
  );

  it("spin-lock waits with PAUSE, so that processors do not spend whole turns of 20,000 instructions on it", () => {
    const { computer } = boot(programs.find(({ name }) => name === "spin-lock") as Guest);
    computer.runFor(FUEL);
    // 8000 times the lock changes hands, 100 times all four wait for each other.
    expect(computer.executed).toBeLessThan(8000 * 200 + 100 * 4 * 200);
  });
});

describe("a guest that attacks for ever", () => {
  const hostile = programs.find(({ name }) => name === "hostile") as Guest;
  const attacks = ["page-tables", "rewrite", "divide", "storm"];

  it.each(attacks)(
    "%s: it is stopped between two instructions, after exactly so many",
    { timeout: TIMEOUT },
    (append) => {
      const { computer } = boot({ ...hostile, append });
      let executed = 0;
      for (const instructions of [1, 99_999, 1, 2, 3, 50_000]) {
        executed += instructions;
        expect(computer.runFor(instructions)).toBe(null);
        expect(computer.executed).toBe(executed);
      }
    },
  );

  it.each(attacks)("%s: it is stopped from outside while it runs", { timeout: TIMEOUT }, async (append) => {
    const { computer } = boot({ ...hostile, append });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    expect(await computer.run({ signal: stop.signal })).toEqual({ kind: "aborted" });
  });

  it.each(attacks)("%s: what LCD keeps about it does not grow", { timeout: TIMEOUT }, (append) => {
    const { computer } = boot({ ...hostile, append });
    const { code } = computer.machine;
    computer.runFor(100_000);
    const before = code.size;
    computer.runFor(300_000);
    expect(code.size).toBeLessThan(before + 200);
  });
});

describe.runIf(hasQemu())("QEMU", () => {
  it.each(programs.map((guest) => [guest.name, guest] as const))(
    "runs %s as it is written down",
    { timeout: TIMEOUT },
    (_name, guest) => {
      expect(runOnQemu(guest)).toEqual({ output: expected(guest), code: guest.exit ?? 1 });
    },
  );
});
