import { type TierName, tiers } from "../differential/tiers";
import { Computer } from "../src/machine/computer/computer";
import { Machine } from "../src/machine/machine";
import type { Guest } from "./guest";
import { Place } from "./layout";
import { Counts, describeEnd, type End, type Outcome } from "./outcome";
import { startGuest, startOthers } from "./start";

/** Runs a guest. @throws what is an error of the host: nothing a guest does may cause one */
export function runGuest(guest: Guest, tier: TierName): Outcome {
  return guest.computer === 0 ? runAlone(guest, tier) : runInComputer(guest, tier);
}

/** On a processor with nothing around it. */
function runAlone(guest: Guest, tier: TierName): Outcome {
  const machine = new Machine({ memory: Place.ramSize, ...tiers[tier] });
  startGuest(machine, guest);
  const [cpu] = machine.processors;
  const counts = new Counts(machine.processors);
  let end: End | null = null;
  while (end === null) {
    const stop = cpu.run(guest.limit - cpu.retired);
    if (stop.kind === "exception") {
      throw new Error(`exception ${stop.vector} came out of the processor`);
    }
    if (stop.kind === "limit" && cpu.retired !== guest.limit) {
      throw new Error(`stopped after ${cpu.retired} instructions at a limit of ${guest.limit}`);
    }
    if (stop.kind === "vm-exit") {
      // The guest has a guest of its own, and goes on as its host.
      end = cpu.retired >= guest.limit ? "limit" : null;
    } else {
      end = stop.kind;
    }
  }
  return { end, instructions: cpu.retired, ...counts, ...describeEnd(guest, machine, end) };
}

/** On processors of a computer, all devices around them. */
function runInComputer(guest: Guest, tier: TierName): Outcome {
  const computer = new Computer({ memory: Place.ramSize, cpus: guest.computer, ...tiers[tier] });
  const { machine } = computer;
  startGuest(machine, guest);
  startOthers(machine);
  const counts = new Counts(machine.processors);
  const result = computer.runFor(guest.limit);
  const instructions = computer.executed;
  if (instructions > guest.limit || (result === null && instructions < guest.limit)) {
    throw new Error(`stopped after ${instructions} instructions at a limit of ${guest.limit}`);
  }
  const kind = result?.kind ?? "limit";
  const end = kind === "halted" || kind === "shutdown" || kind === "limit" ? kind : "ended";
  return { end, instructions, ...counts, ...describeEnd(guest, machine, end) };
}
