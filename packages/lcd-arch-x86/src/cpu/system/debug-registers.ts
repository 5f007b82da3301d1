import { Cr4 } from "../../mmu/control-bits";
import { ExitReason } from "../../vmx/index";
import { GuestException, generalProtection, invalidOpcode, Vector } from "../exception";
import { Dr6, GENERAL_DETECT } from "../interrupt/debug";
import type { Processor } from "../processor";
import { moveQualification } from "./access-qualification";
import { hasCr4, in64BitMode } from "./mode";
import type { SystemOutcome } from "./operation";
import { setRegister } from "./registers";

/** DR6 and DR7 (SDM 3B, "Debug Registers"): bits that are always 1, and those that software writes. */
const DR6 = { number: 6, fixed: 0xffff0ff0n, writable: 0x0000e00fn } as const;
const DR7 = { number: 7, fixed: 0x400n, writable: 0xffff2bffn } as const;

/** DR4 and DR5 are other names of DR6 and DR7. */
const ALIAS = 2;

/**
 * MOV to and from a debug register, 0 to 7. A VM exit comes before the privilege check and before the #UD of DR4 and DR5
 * (SDM 3C, "Instructions That Cause VM Exits Conditionally").
 */
export function moveDebugRegister(
  p: Processor,
  number: number,
  gpr: number,
  write: boolean,
  length: number,
): SystemOutcome {
  if (p.nonRoot && p.vmx.exits.instruction("movDr") !== null) {
    p.vmExit(ExitReason.movDr, { qualification: moveQualification(number, write, gpr), instructionLength: length });
    return "vm-exit";
  }
  p.requireCpl0();
  const aliased = number === DR6.number - ALIAS || number === DR7.number - ALIAS;
  if (aliased && hasCr4(p, Cr4.DE)) {
    throw invalidOpcode();
  }
  const { state } = p;
  if ((state.get64("dr", DR7.number) & GENERAL_DETECT) !== 0n) {
    throw new GuestException(Vector.debug, null, Dr6.access);
  }
  const index = aliased ? number + ALIAS : number;
  const size = in64BitMode(p) ? 8 : 4;
  if (write) {
    writeDebugRegister(p, index, BigInt.asUintN(size * 8, p.gpr[gpr]));
  } else {
    setRegister(p, gpr, size, state.get64("dr", index));
  }
  return "next";
}

function writeDebugRegister(p: Processor, index: number, value: bigint): void {
  const bits = index === DR6.number ? DR6 : index === DR7.number ? DR7 : null;
  if (bits !== null && value >> 32n !== 0n) {
    throw generalProtection();
  }
  p.state.set64("dr", bits === null ? value : (value & bits.writable) | bits.fixed, index);
  p.addressSpaceChanged();
}
