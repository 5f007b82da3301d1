import { Register as IcedRegister } from "iced-x86";
import { ExitReason } from "../../vmx/index";
import { invalidOpcode } from "../exception";
import type { Processor } from "../processor";
import { moveQualification } from "./access-qualification";
import { controlRegisterExits, readControlRegister, writeControlRegister } from "./control-registers";
import { moveDebugRegister } from "./debug-registers";
import { in64BitMode } from "./mode";
import type { Operations, SystemOutcome } from "./operation";
import { setRegister } from "./registers";

/** iced's numbers of special registers: CR0 to CR15, DR0 to DR15. */
const isControl = (register: number): boolean => register >= IcedRegister.CR0 && register <= IcedRegister.CR15;
const isDebug = (register: number): boolean => register >= IcedRegister.DR0 && register <= IcedRegister.DR7;
const isSegment = (register: number): boolean => register >= IcedRegister.ES && register <= IcedRegister.GS;

function moveSpecial(p: Processor, operands: readonly number[], length: number, write: boolean): SystemOutcome {
  const [register, gpr, size] = operands;
  if (isControl(register)) {
    return moveControlRegister(p, register - IcedRegister.CR0, gpr, write, length);
  }
  if (isDebug(register)) {
    return moveDebugRegister(p, register - IcedRegister.DR0, gpr, write, length);
  }
  if (write || !isSegment(register)) {
    throw invalidOpcode();
  }
  setRegister(p, gpr, size, BigInt(p.state.get32("segmentSelector", register - IcedRegister.ES)));
  return "next";
}

/** Operands are of 64 bits in 64-bit mode and of 32 bits elsewhere, whatever the prefixes. */
function moveControlRegister(p: Processor, number: number, gpr: number, write: boolean, length: number): SystemOutcome {
  p.requireCpl0();
  const size = in64BitMode(p) ? 8 : 4;
  const value = BigInt.asUintN(size * 8, p.gpr[gpr]);
  if (p.nonRoot && controlRegisterExits(p, number, write, value)) {
    const qualification = moveQualification(number, write, gpr);
    p.vmExit(ExitReason.controlRegisterAccess, { qualification, instructionLength: length });
    return "vm-exit";
  }
  if (write) {
    writeControlRegister(p, number, value);
  } else {
    setRegister(p, gpr, size, readControlRegister(p, number));
  }
  return "next";
}

/** MOV from and to control and debug registers, and from segment registers. */
export const specialRegisters: Operations = {
  moveToSpecial: {
    unprivileged: true,
    execute: (p, operands, length) => moveSpecial(p, operands, length, true),
  },
  moveFromSpecial: {
    unprivileged: true,
    execute: (p, operands, length) => moveSpecial(p, operands, length, false),
  },
};
