import { type TierName, tiers } from "../differential/tiers";
import { Computer } from "../src/machine/computer/computer";
import type { ComputerResult } from "../src/machine/computer/result";
import { Machine } from "../src/machine/machine";
import type { Guest } from "./guest";
import { Place } from "./layout";
import { Counts, describeEnd, type End, type Outcome } from "./outcome";
import { startGuest, startOthers } from "./start";

/** Gives how many instructions a guest may execute before it is stopped the next time, to go on at once. */
export type Slices = () => number;

/** Runs a guest. @throws what is an error of the host: nothing a guest does may cause one */
export function runGuest(guest: Guest, tier: TierName, slices: Slices): Outcome {
  return guest.computer === 0 ? runAlone(guest, tier, slices) : runInComputer(guest, tier, slices);
}

/** On a processor with nothing around it. */
function runAlone(guest: Guest, tier: TierName, slices: Slices): Outcome {
  const machine = new Machine({ memory: Place.ramSize, ...tiers[tier] });
  startGuest(machine, guest);
  const [cpu] = machine.processors;
  const counts = new Counts(machine.processors);
  let end: End | null = null;
  while (end === null) {
    const until = cpu.retired + Math.min(slices(), guest.limit - cpu.retired);
    const stop = cpu.run(until - cpu.retired);
    if (stop.kind === "exception") {
      throw new Error(`exception ${stop.vector} came out of the processor`);
    }
    if (stop.kind === "limit") requireExact(cpu.retired, until);
    if (stop.kind === "vm-exit" || stop.kind === "limit") {
      // The guest may have had a guest of its own, and goes on as its host.
      end = cpu.retired >= guest.limit ? "limit" : null;
    } else {
      end = stop.kind;
    }
  }
  return { end, instructions: cpu.retired, ...counts, ...describeEnd(guest, machine, end) };
}

/** On processors of a computer, all devices around them. */
function runInComputer(guest: Guest, tier: TierName, slices: Slices): Outcome {
  const computer = new Computer({ memory: Place.ramSize, cpus: guest.computer, ...tiers[tier] });
  const { machine } = computer;
  startGuest(machine, guest);
  startOthers(machine);
  const counts = new Counts(machine.processors);
  let result: ComputerResult | null = null;
  while (result === null && computer.executed < guest.limit) {
    const until = computer.executed + Math.min(slices(), guest.limit - computer.executed);
    result = computer.runFor(until - computer.executed);
    if (result === null || computer.executed > until) requireExact(computer.executed, until);
  }
  const kind = result?.kind ?? "limit";
  const end = kind === "halted" || kind === "shutdown" || kind === "limit" ? kind : "ended";
  return { end, instructions: computer.executed, ...counts, ...describeEnd(guest, machine, end) };
}

function requireExact(executed: number, limit: number): void {
  if (executed !== limit) throw new Error(`stopped after ${executed} instructions at a limit of ${limit}`);
}
