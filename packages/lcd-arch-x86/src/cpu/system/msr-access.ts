import { Gpr } from "../state";
import { readMsr, writeMsr } from "./msr";
import { next, type Operations } from "./operation";
import { low32, pair, setPair } from "./registers";

/** RDMSR and WRMSR (SDM 2B, 2D): ECX is the register's number, EDX:EAX its value. */
export const msrAccess: Operations = {
  rdmsr: { exits: "rdmsr", execute: next((p) => setPair(p, readMsr(p, low32(p, Gpr.rcx)))) },
  wrmsr: { exits: "wrmsr", execute: next((p) => writeMsr(p, low32(p, Gpr.rcx), pair(p))) },
};
