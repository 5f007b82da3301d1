import { Register as IcedRegister } from "iced-x86";
import { Cr4 } from "../../mmu/index";
import { type ExitingInstruction, ExitReason, VM_ENTRY_FAILED, VM_SUCCEED, VmxFault } from "../../vmx/index";
import { GuestException, generalProtection, invalidOpcode } from "../exception";
import type { Processor } from "../processor";
import { Gpr, Rflags } from "../state";
import { controlRegisterExits, readControlRegister, writeControlRegister } from "./control-registers";
import { cpuid } from "./cpuid";
import { readMsr, writeMsr } from "./msr";

/** A system instruction as the lift has left it. */
export interface SystemInstruction {
  operation: string;
  operands: readonly number[];
  length: number;
}

/** What became of it: the next instruction follows, or the processor has stopped or gone elsewhere. */
export type SystemOutcome = "next" | "vm-exit" | "halted" | "elsewhere";

type Execute = (p: Processor, operands: readonly number[], length: number) => SystemOutcome;

const low32 = (p: Processor, register: number): number => Number(p.gpr[register] & 0xffffffffn);

/** EDX:EAX from a 64-bit value. */
function setPair(p: Processor, value: bigint): void {
  p.gpr[Gpr.rax] = BigInt.asUintN(32, value);
  p.gpr[Gpr.rdx] = BigInt.asUintN(64, value) >> 32n;
}

const next = (run: (p: Processor, operands: readonly number[]) => void): Execute => {
  return (p, operands) => {
    run(p, operands);
    return "next";
  };
};

const setFlag = (flag: number, on: boolean): Execute =>
  next((p) => {
    const flags = p.state.get32("systemFlags");
    p.state.set32("systemFlags", on ? flags | flag : flags & ~flag);
  });

/** RFLAGS bits that POPF may change at CPL 0; RF is cleared. */
const POPF_BITS = Rflags.TF | Rflags.IF | Rflags.DF | Rflags.IOPL | Rflags.NT | Rflags.AC | Rflags.ID;
const ARITHMETIC = Rflags.CF | Rflags.PF | Rflags.AF | Rflags.ZF | Rflags.SF | Rflags.OF;

function popFlags(p: Processor, [size]: readonly number[]): void {
  const changed = BigInt((POPF_BITS | ARITHMETIC) & (size === 2 ? 0xffff : -1));
  const popped = p.state.get64("slowValue");
  p.rflags = (p.rflags & ~changed & ~BigInt(Rflags.RF)) | (popped & changed);
  p.gpr[Gpr.rsp] += BigInt(size);
  p.addressSpaceChanged();
}

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

/** IN and OUT: operands are direction (1: in), bytes, and the port, or -1 when it is in DX. No device answers. */
const portAccess: Execute = (p, [input, size, immediate], length) => {
  const port = immediate < 0 ? Number(p.gpr[Gpr.rdx] & 0xffffn) : immediate;
  if (p.nonRoot && p.vmx.exits.instruction("io") !== null) {
    const direct = immediate < 0 ? 0 : 1 << 6;
    const qualification = BigInt((size - 1) | (input << 3) | direct) | (BigInt(port) << 16n);
    p.vmExit(ExitReason.ioInstruction, { qualification, instructionLength: length });
    return "vm-exit";
  }
  if (input === 1) {
    const mask = (1n << BigInt(size * 8)) - 1n;
    p.gpr[Gpr.rax] = size === 4 ? mask : p.gpr[Gpr.rax] | mask;
  }
  return "next";
};

/** CR4.TSD keeps RDTSC and RDTSCP to CPL 0. */
function requireTimeStamp(p: Processor): void {
  if ((p.state.low("cr4") & Cr4.TSD) !== 0) {
    p.requireCpl0();
  }
}

/** A 64-bit source or destination operand: memory at `slowAddress`, or a register. */
const readOperand = (p: Processor, register: number): bigint =>
  register < 0 ? p.readLinear64(p.state.get64("slowAddress")) : p.gpr[register];

/** A VMX instruction; its result has set RFLAGS. */
const vmx = (run: (p: Processor, operands: readonly number[]) => void): Execute =>
  next((p, operands) => {
    try {
      run(p, operands);
    } catch (error) {
      throw error instanceof VmxFault ? new GuestException(error.vector, error.errorCode) : error;
    }
  });

const enterGuest =
  (launch: boolean): Execute =>
  (p) => {
    // The host goes on behind the instruction when the entry fails; else it goes on where its VMCS says.
    try {
      const result = launch ? p.vmx.vmlaunch() : p.vmx.vmresume();
      return result === VM_SUCCEED || result === VM_ENTRY_FAILED ? "elsewhere" : "next";
    } catch (error) {
      throw error instanceof VmxFault ? new GuestException(error.vector, error.errorCode) : error;
    }
  };

const operations: Readonly<Record<string, Execute>> = {
  cpuid: next((p) => {
    const result = cpuid(low32(p, Gpr.rax), low32(p, Gpr.rcx), p.index);
    p.gpr[Gpr.rax] = BigInt(result.eax >>> 0);
    p.gpr[Gpr.rbx] = BigInt(result.ebx >>> 0);
    p.gpr[Gpr.rcx] = BigInt(result.ecx >>> 0);
    p.gpr[Gpr.rdx] = BigInt(result.edx >>> 0);
  }),
  rdtsc: next((p) => {
    requireTimeStamp(p);
    setPair(p, p.timeStamp);
  }),
  rdtscp: next((p) => {
    if (p.nonRoot && p.vmx.exits.rdtscpUndefined()) {
      throw invalidOpcode();
    }
    requireTimeStamp(p);
    setPair(p, p.timeStamp);
    p.gpr[Gpr.rcx] = BigInt.asUintN(32, p.state.get64("tscAux"));
  }),
  rdmsr: next((p) => setPair(p, readMsr(p, low32(p, Gpr.rcx)))),
  wrmsr: next((p) => writeMsr(p, low32(p, Gpr.rcx), (p.gpr[Gpr.rdx] << 32n) | BigInt.asUintN(32, p.gpr[Gpr.rax]))),
  hlt: () => "halted",
  cli: setFlag(Rflags.IF, false),
  sti: setFlag(Rflags.IF, true),
  clts: clearTaskSwitched,
  in: portAccess,
  out: portAccess,
  invlpg: next((p) => p.tlb.flushPage(p.state.low("slowAddress"))),
  wbinvd: next(() => {}),
  invd: next(() => {}),
  popFlags: next(popFlags),
  moveToSpecial: (p, operands, length) => moveSpecial(p, operands, length, true),
  moveFromSpecial: (p, operands, length) => moveSpecial(p, operands, length, false),
  vmcall: vmx((p) => p.vmx.vmcall()),
  vmxon: vmx((p) => p.vmx.vmxon(readOperand(p, -1))),
  vmxoff: vmx((p) => p.vmx.vmxoff()),
  vmclear: vmx((p) => p.vmx.vmclear(readOperand(p, -1))),
  vmptrld: vmx((p) => p.vmx.vmptrld(readOperand(p, -1))),
  vmptrst: vmx((p) => p.writeLinear64(p.state.get64("slowAddress"), p.vmx.vmptrst())),
  vmlaunch: enterGuest(true),
  vmresume: enterGuest(false),
  vmread: vmx((p, [destination, , field]) => {
    const value = p.vmx.vmread(Number(p.gpr[field] & 0xffffffffn));
    if (typeof value === "bigint") {
      if (destination < 0) {
        p.writeLinear64(p.state.get64("slowAddress"), value);
      } else {
        p.gpr[destination] = value;
      }
    }
  }),
  vmwrite: vmx((p, [field, , source]) => p.vmx.vmwrite(Number(p.gpr[field] & 0xffffffffn), readOperand(p, source))),
  invept: vmx((p, [type]) => p.vmx.invept(Number(p.gpr[type]), readOperand(p, -1))),
  invvpid: vmx((p, [type]) => {
    const at = p.state.get64("slowAddress");
    p.vmx.invvpid(Number(p.gpr[type]), p.readLinear64(at), p.readLinear64(BigInt.asUintN(64, at + 8n)));
  }),
};

/** System instructions that CPL 1 to 3 may execute. */
const unprivileged = new Set(["cpuid", "rdtsc", "rdtscp", "vmcall", "popFlags", "moveToSpecial", "moveFromSpecial"]);

/** Operations whose name is that of an instruction which can cause VM exits. */
const exiting: readonly ExitingInstruction[] = [
  "cpuid",
  "hlt",
  "invd",
  "invlpg",
  "rdtsc",
  "rdtscp",
  "vmcall",
  "vmclear",
  "vmlaunch",
  "vmptrld",
  "vmptrst",
  "vmread",
  "vmresume",
  "vmwrite",
  "vmxoff",
  "vmxon",
  "invept",
  "invvpid",
  "rdmsr",
  "wrmsr",
  "wbinvd",
];
const vmxInstructions = new Set([
  "vmclear",
  "vmlaunch",
  "vmptrld",
  "vmptrst",
  "vmread",
  "vmresume",
  "vmwrite",
  "vmxoff",
  "vmxon",
  "invept",
  "invvpid",
]);
const exitingNames: ReadonlyMap<string, ExitingInstruction> = new Map(exiting.map((name) => [name, name]));

/**
 * Executes a system instruction at RIP.
 *
 * @throws GuestException for an exception that it raises; then it has changed nothing
 */
export function executeSystem(p: Processor, { operation, operands, length }: SystemInstruction): SystemOutcome {
  const execute = operations[operation];
  if (execute === undefined) {
    throw invalidOpcode();
  }
  const name = exitingNames.get(operation);
  // In a guest VMX instructions exit whatever the CPL is.
  if (!unprivileged.has(operation) && !(p.nonRoot && vmxInstructions.has(operation))) {
    p.requireCpl0();
  }
  if (name !== undefined && p.nonRoot) {
    const reason = p.vmx.exits.instruction(name);
    if (reason !== null) {
      const qualification = operation === "invlpg" ? p.state.get64("slowAddress") : 0n;
      p.vmExit(reason, { qualification, instructionLength: length });
      return "vm-exit";
    }
  }
  return execute(p, operands, length);
}
