import { defineCallout } from "../callouts";
import { LinearAccessError } from "../linear-memory";
import type { Processor } from "../processor";
import { type FpuOperation, fpuOperations } from "../x87/index";
import { Place } from "../x87/places";

/** Byte offset in the state at which translated code leaves the number of the register ST(i). */
export const FPU_REGISTER_OPERAND = Place.register * 4;

const callouts: ReadonlyMap<string, number> = new Map(
  Object.entries(fpuOperations).map(([name, operation]) => [name, defineCallout(`f${name}`, calling(operation))]),
);

/** The callout that does an operation of `x87/`. @throws RangeError when there is none of that name */
export function fpuCallout(name: string): number {
  const number = callouts.get(name);
  if (number === undefined) {
    throw new RangeError(`there is no x87 operation ${name}`);
  }
  return number;
}

function calling(operation: FpuOperation): (p: Processor) => void {
  return (p) => {
    const { fpu, state } = p;
    operation(fpu, fpu.words[Place.register]);
    if (fpu.isPending) {
      state.set32("fpuOpcode", opcodeAt(p));
    }
  };
}

const FIRST_OPCODE = 0xd8;
const LAST_OPCODE = 0xdf;
const MAX_LENGTH = 15;

/**
 * The opcode that FNSTENV reports: the low three bits of the first byte, then the second (SDM 1, "Last Instruction
 * Opcode"). It is kept only of an instruction with an unmasked exception, and so it is read again then. No prefix is
 * one of the first bytes.
 */
function opcodeAt({ linear, state }: Processor): number {
  const low = state.low("codeBase") + state.low("fpuIp");
  const high = state.high("fpuIp") + (low > 0xffffffff ? 1 : 0);
  try {
    for (let at = 0; at < MAX_LENGTH; at++) {
      const byte = linear.read8(low >>> 0, high, at);
      if (byte >= FIRST_OPCODE && byte <= LAST_OPCODE) {
        return ((byte & 7) << 8) | linear.read8(low >>> 0, high, at + 1);
      }
    }
  } catch (error) {
    if (!(error instanceof LinearAccessError)) {
      throw error;
    }
  }
  return 0;
}
