import { Gpr, Rflags } from "../state";
import { cpuid } from "./cpuid";
import { atCpl0 } from "./mode";
import { type Execute, next, type Operations } from "./operation";
import { low32 } from "./registers";

const identify = next((p) => {
  const result = cpuid(low32(p, Gpr.rax), low32(p, Gpr.rcx), p.index);
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

/** Identification, EFLAGS.AC, HLT. */
export const generalOperations: Operations = {
  cpuid: { execute: identify, unprivileged: true, exits: "cpuid" },
  hlt: { execute: () => "halted", exits: "hlt" },
  clac: { exists: atCpl0, execute: setAlignmentCheck(false) },
  stac: { exists: atCpl0, execute: setAlignmentCheck(true) },
};
