import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Gpr } from "../state";
import { readMemory } from "./memory-operand";
import { atCpl0, in64BitMode } from "./mode";
import { MiscEnable } from "./msr";
import { next, type Operations } from "./operation";
import { segmentAddress } from "./segment-address";

/** There are no extensions (CPUID leaf 5), so rCX has to be 0. */
function requireNoExtensions(p: Processor): void {
  if (BigInt.asUintN(in64BitMode(p) ? 64 : 32, p.gpr[Gpr.rcx]) !== 0n) {
    throw generalProtection();
  }
}

/** MONITOR is checked as a load of one byte at [rAX]; operands are the address size in bytes and the segment. */
const monitor = next((p, [addressSize, segment]) => {
  requireNoExtensions(p);
  const offset = BigInt.asUintN(addressSize * 8, p.gpr[Gpr.rax]);
  readMemory(p, segmentAddress(p, segment, offset, 1, false), 1);
});

/** MWAIT may end for any reason ("implementation-dependent events"): it goes on at once, and nothing is missed. */
const wait = next(requireNoExtensions);

/** Whether IA32_MISC_ENABLE leaves the instructions to software. */
export const hasMonitor = (p: Processor): boolean => (p.state.get64("miscEnable") & MiscEnable.monitor) !== 0n;

const exists = (p: Processor): boolean => atCpl0(p) && hasMonitor(p);

/** MONITOR and MWAIT (SDM 2B), which only CPL 0 has. */
export const monitorOperations: Operations = {
  monitor: { exists, exits: "monitor", execute: monitor },
  mwait: { exists, exits: "mwait", execute: wait },
};
