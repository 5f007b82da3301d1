import type { Processor } from "../processor";
import { Gpr, Rflags } from "../state";
import { cpuid } from "./cpuid";
import type { CpuidSurroundings } from "./features";
import { atCpl0, in64BitMode } from "./mode";
import { hasMonitor } from "./monitor";
import { Msr } from "./msr";
import { type Execute, next, type Operations } from "./operation";
import { low32 } from "./registers";

/** In IA32_APIC_BASE. */
const APIC_ENABLED = 1n << 11n;

/** What CPUID depends on, as it is now. */
const surroundingsOf = (p: Processor): CpuidSurroundings => ({
  index: p.localApic?.initialId ?? p.index,
  processors: p.siblings,
  apic: p.localApic !== null,
  apicEnabled: p.localApic !== null && (p.localApic.readMsr(Msr.apicBase) & APIC_ENABLED) !== 0n,
  cr4: p.state.low("cr4"),
  monitor: hasMonitor(p),
  code64: in64BitMode(p),
});

const identify = next((p) => {
  const result = cpuid(low32(p, Gpr.rax), low32(p, Gpr.rcx), surroundingsOf(p));
  p.gpr[Gpr.rax] = BigInt(result.eax >>> 0);
  p.gpr[Gpr.rbx] = BigInt(result.ebx >>> 0);
  p.gpr[Gpr.rcx] = BigInt(result.ecx >>> 0);
  p.gpr[Gpr.rdx] = BigInt(result.edx >>> 0);
});

/** Sets or clears EFLAGS.AC, which SMAP looks at. */
const setAlignmentCheck = (on: boolean): Execute =>
  next((p) => {
    const flags = p.state.get32("systemFlags");
    p.state.set32("systemFlags", on ? flags | Rflags.AC : flags & ~Rflags.AC);
    p.addressSpaceChanged();
  });

/** The last of so many PAUSE instructions: if there are other processors, one of them goes on. */
const pause = next((p) => {
  if (p.wiring !== null) {
    p.stopSoon();
  }
});

/** Identification, EFLAGS.AC, HLT, PAUSE. */
export const generalOperations: Operations = {
  cpuid: { execute: identify, unprivileged: true, exits: "cpuid" },
  pause: { execute: pause, unprivileged: true },
  hlt: { execute: () => "halted", exits: "hlt" },
  clac: { exists: atCpl0, execute: setAlignmentCheck(false) },
  stac: { exists: atCpl0, execute: setAlignmentCheck(true) },
};
