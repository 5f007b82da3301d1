import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import type { CpuState } from "../state";

/** A model-specific register: how it is read and written. */
export interface MsrRegister {
  /** @throws GuestException #GP(0) when it cannot be read now */
  read(p: Processor): bigint;
  /** @throws GuestException #GP(0) for a value that it does not take */
  write(p: Processor, value: bigint): void;
}

/** Registers by number. */
export type MsrRegisters = readonly (readonly [index: number, register: MsrRegister])[];

type Field = Parameters<CpuState["get64"]>[0];

/** A register that is a field of the state; `valid` says which values it takes. */
export const stored = (field: Field, valid: (value: bigint) => boolean = () => true, index = 0): MsrRegister => ({
  read: (p) => p.state.get64(field, index),
  write: (p, value) => {
    if (!valid(value)) {
      throw generalProtection();
    }
    p.state.set64(field, value, index);
  },
});

/** A register that says something, and cannot be written. */
export const constant = (value: bigint): MsrRegister => ({
  read: () => value,
  write: () => {
    throw generalProtection();
  },
});

/** A register that takes nothing but what it is. */
export const fixed = (value: bigint): MsrRegister => ({
  read: () => value,
  write: (_p, written) => {
    if (written !== value) {
      throw generalProtection();
    }
  },
});
