import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { type Descriptor, isNull, RPL, SystemType } from "../segmentation/descriptor";
import { readDescriptor } from "../segmentation/table";
import { Rflags } from "../state";
import { operandAddress, writeMemory } from "./memory-operand";
import { inLongMode, inProtectedMode } from "./mode";
import { type Execute, next, type Operation, type Operations } from "./operation";
import { setFlags, setRegister } from "./registers";
import { readSelector } from "./task-registers";

/** System descriptors that LSL has a limit of, and LAR has rights of, outside and in IA-32e mode. */
const withLimit = {
  legacy: new Set<number>([SystemType.tss16, SystemType.ldt, SystemType.busyTss16, SystemType.tss, SystemType.busyTss]),
  long: new Set<number>([SystemType.ldt, SystemType.tss, SystemType.busyTss]),
};
const withRights = {
  legacy: new Set<number>([...withLimit.legacy, SystemType.callGate16, SystemType.taskGate, SystemType.callGate]),
  long: new Set<number>([...withLimit.long, SystemType.callGate]),
};

/** Access rights as LAR gives them: bits of the descriptor's second word. */
const LAR_BITS = 0x00ffff00;

/** The descriptor that a selector names, or null when it names none: nothing is raised for the selector. */
function lookUp(p: Processor, selector: number): Descriptor | null {
  if (isNull(selector)) {
    return null;
  }
  const nowhere = generalProtection();
  try {
    return readDescriptor(p, selector, () => nowhere);
  } catch (error) {
    if (error === nowhere) {
      return null;
    }
    throw error;
  }
}

/** Whether the current program could use a selector of this segment, as far as privilege goes. */
function isVisible(p: Processor, selector: number, descriptor: Descriptor): boolean {
  return descriptor.isConforming || Math.max(p.state.get32("cpl"), selector & RPL) <= descriptor.dpl;
}

/** An instruction that says something of the segment that operand 0 names, in ZF. */
const check = (accepts: (descriptor: Descriptor) => boolean): Execute =>
  next((p, [register]) => {
    const selector = readSelector(p, register);
    const descriptor = lookUp(p, selector);
    const good = descriptor !== null && accepts(descriptor) && isVisible(p, selector, descriptor);
    setFlags(p, Rflags.ZF, good ? Rflags.ZF : 0);
  });

/** As above for operand 1, with a value for the register that operand 0 is. */
const inspect = (types: typeof withLimit, give: (descriptor: Descriptor) => number): Execute =>
  next((p, [register, size, source]) => {
    const selector = readSelector(p, source);
    const descriptor = lookUp(p, selector);
    const known = inLongMode(p) ? types.long : types.legacy;
    const good =
      descriptor !== null && (!descriptor.isSystem || known.has(descriptor.type)) && isVisible(p, selector, descriptor);
    setFlags(p, Rflags.ZF, good ? Rflags.ZF : 0);
    if (good) {
      setRegister(p, register, size, BigInt(give(descriptor) >>> 0));
    }
  });

/** ARPL: makes the destination's RPL at least that of the source. */
const adjustRpl: Execute = next((p, [register, , source]) => {
  const address = operandAddress(p);
  const selector = readSelector(p, register);
  const rpl = Number(p.gpr[source] & BigInt(RPL));
  const adjusted = (selector & RPL) < rpl;
  if (adjusted) {
    const value = BigInt((selector & ~RPL) | rpl);
    if (register < 0) {
      writeMemory(p, address, 2, value);
    } else {
      setRegister(p, register, 2, value);
    }
  }
  setFlags(p, Rflags.ZF, adjusted ? Rflags.ZF : 0);
});

const operation = (execute: Execute): Operation => ({ exists: inProtectedMode, unprivileged: true, execute });

/** LAR, LSL, VERR, VERW and ARPL (SDM 2A, 2B, 2D). They change no flag but ZF. */
export const descriptorChecks: Operations = {
  lar: operation(inspect(withRights, ({ high }) => high & LAR_BITS)),
  lsl: operation(inspect(withLimit, ({ limit }) => limit)),
  verr: operation(check((descriptor) => descriptor.isReadable)),
  verw: operation(check((descriptor) => descriptor.isWritableData)),
  arpl: operation(adjustRpl),
};
