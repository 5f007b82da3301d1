import type { AccessSize } from "../../devices/bus";
import { ExitReason } from "../../vmx/index";
import type { Processor } from "../processor";
import { Gpr } from "../state";
import { requirePorts } from "./io-permission";

/** An access to the I/O address space by an instruction. */
export interface PortAccess {
  /** 0 to FFFFH. */
  port: number;
  size: AccessSize;
  input: boolean;
}

/** Bits of the exit qualification (SDM 3C, table "Exit Qualification for I/O Instructions"). */
export const IoQualification = { input: 1 << 3, string: 1 << 4, repeated: 1 << 5, immediate: 1 << 6 } as const;

/** What a VM exit tells of an I/O instruction besides the access itself. */
export interface PortExit {
  /** Of `IoQualification`: string, repeated, immediate. */
  form: number;
  length: number;
  guestLinearAddress?: bigint;
  instructionInformation?: number;
}

/** The port that DX holds. */
export const portInDx = (p: Processor): number => Number(p.gpr[Gpr.rdx] & 0xffffn);

/**
 * Makes sure that the program may access the ports, and makes the VM exit that the access causes in a guest.
 *
 * @returns whether there was a VM exit
 * @throws GuestException, LinearAccessError
 */
export function guardPorts(p: Processor, { port, size, input }: PortAccess, exit: PortExit): boolean {
  requirePorts(p, port, size);
  if (!p.nonRoot || !p.vmx.exits.io(port, size)) {
    return false;
  }
  const { form, length, guestLinearAddress, instructionInformation } = exit;
  p.vmExit(ExitReason.ioInstruction, {
    qualification: BigInt((size - 1) | (input ? IoQualification.input : 0) | form) | (BigInt(port) << 16n),
    instructionLength: length,
    guestLinearAddress,
    instructionInformation,
  });
  return true;
}

/** Reads a port; where no device is, nothing answers: ones are read. */
export function readPort({ wiring, access: { breakpoints } }: Processor, { port, size }: PortAccess): bigint {
  breakpoints?.notePorts(port, size);
  return BigInt.asUintN(size * 8, BigInt(wiring?.readPort(port, size) ?? -1));
}

export function writePort({ wiring, access: { breakpoints } }: Processor, access: PortAccess, value: bigint): void {
  breakpoints?.notePorts(access.port, access.size);
  wiring?.writePort(access.port, access.size, Number(value));
}
