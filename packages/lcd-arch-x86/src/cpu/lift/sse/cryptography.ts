import { Mnemonic } from "iced-x86";
import { aes } from "../../sse/aes";
import { carrylessMultiply } from "../../sse/carryless";
import { crc32 } from "../../sse/crc32";
import { StateOffset } from "../../state";
import type { LiftFunction, LiftTable } from "../table";
import { call, readVector, sse, xmmNumber } from "./operands";

/** An instruction that a callout does, of two operands and an immediate, if it has one. */
const outside =
  (callout: number): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const register = xmmNumber(lift, 0);
    const source = readVector(lift, 1);
    const immediates = lift.operandCount > 2 ? [b.i32(Number(lift.immediate(2)) & 0xff)] : [];
    b.setXmm(register, call(lift, callout, [b.xmm(register), source, ...immediates]));
  };

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Aesenc, outside(aes.enc)],
  [Mnemonic.Aesenclast, outside(aes.encLast)],
  [Mnemonic.Aesdec, outside(aes.dec)],
  [Mnemonic.Aesdeclast, outside(aes.decLast)],
  [Mnemonic.Aesimc, outside(aes.imc)],
  [Mnemonic.Aeskeygenassist, outside(aes.keygenAssist)],
  [Mnemonic.Pclmulqdq, outside(carrylessMultiply)],
];

/** AES-NI and PCLMULQDQ. */
export const cryptography: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);

/** CRC32 r, r/m: a general-purpose instruction, which neither CR0 nor CR4 forbids. */
const accumulate: LiftFunction = (lift) => {
  const { b } = lift;
  const size = lift.size(1);
  const source = lift.read(1, size);
  call(lift, crc32, [lift.read(0, 4), source, b.i32(size)]);
  const result = b.field32(StateOffset.operand);
  lift.write(0, lift.size(0) === 8 ? b.extendU(result) : result);
};

export const checksums: LiftTable = [[Mnemonic.Crc32, accumulate]];
