import { Cr4 } from "../../mmu/control-bits";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Gpr } from "../state";
import { hasCr4 } from "./mode";
import { next, type Operations } from "./operation";
import { setPair } from "./registers";

const timeForAll = (p: Processor): boolean => !hasCr4(p, Cr4.TSD);
const countersForAll = (p: Processor): boolean => hasCr4(p, Cr4.PCE);

/** In a guest its host decides whether there is RDTSCP ("enable RDTSCP"). */
const hasRdtscp = (p: Processor): boolean => !p.nonRoot || !p.vmx.exits.rdtscpUndefined();

/** A guest's host may move its time ("use TSC offsetting"). */
const readTime = (p: Processor): void => setPair(p, p.nonRoot ? p.timeStamp + p.vmx.exits.tscOffset() : p.timeStamp);

const readTimeAndProcessor = (p: Processor): void => {
  readTime(p);
  p.gpr[Gpr.rcx] = BigInt.asUintN(32, p.state.get64("tscAux"));
};

/** CPUID reports no performance counters, so there is no number that RDPMC takes. */
const readCounter = (): never => {
  throw generalProtection();
};

/** RDTSC, RDTSCP and RDPMC (SDM 2B). */
export const timeAndCounters: Operations = {
  rdtsc: { unprivileged: timeForAll, exits: "rdtsc", execute: next(readTime) },
  rdtscp: { exists: hasRdtscp, unprivileged: timeForAll, exits: "rdtscp", execute: next(readTimeAndProcessor) },
  rdpmc: { unprivileged: countersForAll, exits: "rdpmc", execute: readCounter },
};
