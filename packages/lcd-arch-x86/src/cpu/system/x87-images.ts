import type { Processor } from "../processor";
import {
  type EnvironmentForm,
  environmentSize,
  type Fpu,
  imageSize,
  loadEnvironment,
  loadImage,
  storeEnvironment,
  storeImage,
} from "../x87/index";
import { addressBehind, operandAddress, probeWrite, readMemory, writeMemory } from "./memory-operand";
import { inProtectedMode } from "./mode";
import { next, type Operations } from "./operation";

type Transfer = (fpu: Fpu, form: EnvironmentForm, bytes: Uint8Array) => void;

const formOf = (p: Processor, [size]: readonly number[]): EnvironmentForm => ({
  size: size === 2 ? 2 : 4,
  real: !inProtectedMode(p),
});

const storing = (transfer: Transfer, sizeOf: (form: EnvironmentForm) => number) =>
  next((p, operands) => {
    const form = formOf(p, operands);
    const bytes = new Uint8Array(sizeOf(form));
    const address = operandAddress(p);
    probeBytes(p, address, bytes.length);
    transfer(p.fpu, form, bytes);
    writeBytes(p, address, bytes);
  });

const loading = (transfer: Transfer, sizeOf: (form: EnvironmentForm) => number) =>
  next((p, operands) => {
    const form = formOf(p, operands);
    transfer(p.fpu, form, readBytes(p, operandAddress(p), sizeOf(form)));
  });

/** Sizes are even: memory is moved in words. */
const WORD = 2;

/** Makes sure that everything can be written; it is on two pages at most. @throws LinearAccessError */
function probeBytes(p: Processor, address: bigint, length: number): void {
  probeWrite(p, address, WORD);
  probeWrite(p, addressBehind(p, address, length - WORD), WORD);
}

function writeBytes(p: Processor, address: bigint, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += WORD) {
    writeMemory(p, addressBehind(p, address, at), WORD, BigInt(bytes[at] | (bytes[at + 1] << 8)));
  }
}

/** @throws LinearAccessError */
function readBytes(p: Processor, address: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += WORD) {
    const word = Number(readMemory(p, addressBehind(p, address, at), WORD));
    bytes[at] = word;
    bytes[at + 1] = word >> 8;
  }
  return bytes;
}

/** FNSTENV, FLDENV, FNSAVE, FRSTOR. What raises #NM and #MF is checked by translated code. */
export const x87ImageOperations: Operations = {
  fnstenv: { execute: storing(storeEnvironment, environmentSize), unprivileged: true },
  fldenv: { execute: loading(loadEnvironment, environmentSize), unprivileged: true },
  fnsave: { execute: storing(storeImage, imageSize), unprivileged: true },
  frstor: { execute: loading(loadImage, imageSize), unprivileged: true },
};
