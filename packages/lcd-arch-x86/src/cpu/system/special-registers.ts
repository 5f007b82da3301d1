import { Register as IcedRegister } from "iced-x86";
import { ExitReason } from "../../vmx/index";
import { generalProtection, invalidOpcode } from "../exception";
import type { Processor } from "../processor";
import { controlRegisterExits, readControlRegister, writeControlRegister } from "./control-registers";
import type { Execute, Operation, SystemOutcome } from "./operation";

/** iced's numbers of special registers: CR0 to CR15, DR0 to DR15. */
const controlNumber = (register: number): number => register - IcedRegister.CR0;
const isControl = (register: number): boolean => register >= IcedRegister.CR0 && register <= IcedRegister.CR15;
const isDebug = (register: number): boolean => register >= IcedRegister.DR0 && register <= IcedRegister.DR15;
const isSegment = (register: number): boolean => register >= IcedRegister.ES && register <= IcedRegister.GS;

/** Exit qualification of control-register accesses (SDM 3C, table "Exit Qualification for Control-Register Accesses"). */
const controlQualification = (number: number, write: boolean, gpr: number): bigint =>
  BigInt(number | (write ? 0 : 1 << 4) | (gpr << 8));

function moveSpecial(p: Processor, operands: readonly number[], length: number, write: boolean): SystemOutcome {
  const [register, gpr, size] = operands;
  if (isSegment(register)) {
    if (write) {
      throw invalidOpcode();
    }
    const selector = BigInt(p.state.get32("segmentSelector", register - IcedRegister.ES));
    // A 16-bit destination keeps the rest of the register.
    p.gpr[gpr] = size === 2 ? (p.gpr[gpr] & ~0xffffn) | selector : selector;
    return "next";
  }
  p.requireCpl0();
  if (isControl(register)) {
    const number = controlNumber(register);
    const value = p.gpr[gpr];
    if (p.nonRoot && controlRegisterExits(p, number, write, value)) {
      const qualification = controlQualification(number, write, gpr);
      p.vmExit(ExitReason.controlRegisterAccess, { qualification, instructionLength: length });
      return "vm-exit";
    }
    if (write) {
      writeControlRegister(p, number, value);
    } else {
      p.gpr[gpr] = readControlRegister(p, number);
    }
    return "next";
  }
  if (!isDebug(register)) {
    throw invalidOpcode();
  }
  if (p.nonRoot && p.vmx.exits.instruction("movDr") !== null) {
    const number = register - IcedRegister.DR0;
    const qualification = controlQualification(number, write, gpr);
    p.vmExit(ExitReason.movDr, { qualification, instructionLength: length });
    return "vm-exit";
  }
  debugRegister(p, register - IcedRegister.DR0, gpr, write);
  return "next";
}

/** Bits of DR6 and DR7 that are always 1, and those that can be written. */
const DR6 = { fixed: 0xffff0ff0n, writable: 0x0000e00fn };
const DR7 = { fixed: 0x400n, writable: 0xffff2bffn };

function debugRegister(p: Processor, number: number, gpr: number, write: boolean): void {
  if (number > 7) {
    throw invalidOpcode();
  }
  // DR4 and DR5 are other names of DR6 and DR7 while CR4.DE is 0.
  const debugExtensions = (p.state.get64("cr4") & (1n << 3n)) !== 0n;
  if ((number === 4 || number === 5) && debugExtensions) {
    throw invalidOpcode();
  }
  const index = number === 4 || number === 5 ? number + 2 : number;
  if (!write) {
    p.gpr[gpr] = p.state.get64("dr", index);
    return;
  }
  const value = p.gpr[gpr];
  if (index >= 6 && value >> 32n !== 0n) {
    throw generalProtection();
  }
  const bits = index === 6 ? DR6 : index === 7 ? DR7 : null;
  p.state.set64("dr", bits === null ? value : (value & bits.writable) | bits.fixed, index);
}

/** CLTS: the host may own CR0.TS, and then want to know or to keep it (SDM 3C, "Changes to Instruction Behavior"). */
const clearTaskSwitched: Execute = (p, _operands, length) => {
  const { exits } = p.vmx;
  if (p.nonRoot && exits.clts()) {
    p.vmExit(ExitReason.controlRegisterAccess, { qualification: CLTS_ACCESS, instructionLength: length });
    return "vm-exit";
  }
  const cr0 = p.state.get64("cr0");
  const cleared = cr0 & ~TASK_SWITCHED;
  p.state.set64("cr0", p.nonRoot ? exits.cr0Written(cr0, cleared) : cleared);
  return "next";
};

/** Access type 2 in the exit qualification; CR0.TS. */
const CLTS_ACCESS = 2n << 4n;
const TASK_SWITCHED = 8n;

/** MOV from and to segment, control and debug registers, and CLTS. */
export const specialRegisters: Readonly<Record<string, Operation>> = {
  moveToSpecial: {
    unprivileged: true,
    execute: (p, operands, length) => moveSpecial(p, operands, length, true),
  },
  moveFromSpecial: {
    unprivileged: true,
    execute: (p, operands, length) => moveSpecial(p, operands, length, false),
  },
  clts: { execute: clearTaskSwitched },
};
