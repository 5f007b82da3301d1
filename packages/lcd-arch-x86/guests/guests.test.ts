import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Computer } from "../src/machine/index";
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

function boot(guest: Guest): { computer: Computer; printed: () => string } {
  const { name, cpus = 1, append, modules = [] } = guest;
  let text = "";
  const onSerial = (byte: number) => {
    text += String.fromCharCode(byte);
  };
  const computer = new Computer({ memory: 128 * MIB, cpus, onSerial });
  const files = modules.map((content, index) => ({ text: `module-${index}`, data: new TextEncoder().encode(content) }));
  computer.boot(kernel(guest), { commandLine: append === undefined ? name : `${name} ${append}`, modules: files });
  return { computer, printed: () => text };
}

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

  it.each(["hello", "timer-apic", "smp"])(
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
