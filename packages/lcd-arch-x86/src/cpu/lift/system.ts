import { Code, Mnemonic, OpKind } from "iced-x86";
import { StateOffset } from "../state";
import { stopForSystem } from "./data";
import {
  descriptorTableInformation,
  destinationInformation,
  type InformationFormat,
  invalidationInformation,
  memoryInformation,
  segmentOf,
  stringPortInformation,
  taskRegisterInformation,
  vmcsFieldInformation,
} from "./instruction-information";
import { gprOperand, type Lift } from "./operands";
import type { LiftFunction, LiftTable } from "./table";

/** Stops with an exception at this instruction. */
const exception =
  (vector: number, errorCode: number | null = null): LiftFunction =>
  ({ b }) => {
    b.terminator = { kind: "stop", site: b.site({ kind: "exception", vector, errorCode }) };
  };

/**
 * Stops for `cpu/system/`. Two numbers go along for each operand: a register's number, or -1 for memory, whose linear
 * address is then in `slowAddress`, and its size in bytes; an immediate and 0. With a `format`, what a VM exit tells of
 * the instruction follows them, and `slowValue` is the displacement.
 */
const system =
  (operation: string, format: InformationFormat | null = null): LiftFunction =>
  (lift) => {
    const operands: number[] = [];
    for (let operand = 0; operand < lift.operandCount; operand++) {
      operands.push(...systemOperand(lift, operand));
    }
    if (format !== null) {
      operands.push(format(lift));
      lift.b.setField64(StateOffset.slowValue, lift.b.i64(lift.instruction.memoryDisplacement));
    }
    stopForSystem(lift, operation, operands);
  };

function systemOperand(lift: Lift, operand: number): [value: number, size: number] {
  switch (lift.kind(operand)) {
    case OpKind.Memory:
      lift.b.setField64(StateOffset.slowAddress, lift.address(Math.max(1, lift.size(operand))));
      return [-1, lift.size(operand)];
    case OpKind.Register: {
      const { register, size } = gprOperand(lift.instruction.opRegister(operand));
      return [register, size];
    }
    default:
      return [Number(lift.immediate(operand)), 0];
  }
}

/** Vector of #UD, which undefined encodings raise, and instructions that CPUID does not announce. */
export const INVALID_OPCODE = 6;

export const invalidOpcode = exception(INVALID_OPCODE);

/** #GP(0), which an instruction of more than 15 bytes raises. */
export const tooLong = exception(13, 0);

/** "Instruction identity" in the information on accesses to descriptor-table registers, and to LDTR and TR. */
const TableIdentity = { sgdt: 0, sidt: 1, lgdt: 2, lidt: 3 } as const;
const TaskIdentity = { sldt: 0, str: 1, lldt: 2, ltr: 3 } as const;

const tableInstruction = (name: keyof typeof TableIdentity): LiftFunction =>
  system(name, descriptorTableInformation(TableIdentity[name]));
const taskInstruction = (name: keyof typeof TaskIdentity): LiftFunction =>
  system(name, taskRegisterInformation(TaskIdentity[name]));

/** IN and OUT: AL, AX or EAX, and a port in DX or in the instruction. */
const port =
  (operation: "in" | "out"): LiftFunction =>
  (lift) => {
    const accumulator = operation === "in" ? 0 : 1;
    const other = 1 - accumulator;
    const number = lift.kind(other) === OpKind.Register ? -1 : Number(lift.immediate(other));
    stopForSystem(lift, operation, [lift.size(accumulator), number]);
  };

/** Address sizes of string operands in bytes. */
const stringAddressSizes: ReadonlyMap<OpKind, number> = new Map([
  [OpKind.MemoryESDI, 2],
  [OpKind.MemoryESEDI, 4],
  [OpKind.MemoryESRDI, 8],
  [OpKind.MemorySegSI, 2],
  [OpKind.MemorySegESI, 4],
  [OpKind.MemorySegRSI, 8],
]);

/** INS and OUTS of `size` bytes: `cpu/system/` does one repetition at a time. */
const stringPort =
  (operation: "ins" | "outs", size: number): LiftFunction =>
  (lift) => {
    const { instruction } = lift;
    const addressSize = stringAddressSizes.get(lift.kind(operation === "ins" ? 0 : 1)) ?? 8;
    const repeated = instruction.hasRepPrefix || instruction.hasRepnePrefix ? 1 : 0;
    const segment = operation === "ins" ? null : instruction.memorySegment;
    const information = stringPortInformation(addressSize, segment);
    stopForSystem(lift, operation, [size, repeated, addressSize, segmentOf(instruction.memorySegment), information]);
  };

/** MONITOR looks at the segment and the address size of [rAX]. */
const monitorAddressSizes: ReadonlyMap<Code, number> = new Map([
  [Code.Monitorw, 2],
  [Code.Monitord, 4],
  [Code.Monitorq, 8],
]);

const monitor: LiftFunction = (lift) => {
  const { code, memorySegment } = lift.instruction;
  stopForSystem(lift, "monitor", [monitorAddressSizes.get(code) ?? 8, segmentOf(memorySegment)]);
};

/** Without WBNOINVD its prefix is ignored: it is WBINVD. */
const writeBack = system("wbinvd");

export const systemInstructions: LiftTable = [
  [Mnemonic.Ud2, invalidOpcode],
  [Mnemonic.Ud1, invalidOpcode],
  [Mnemonic.Ud0, invalidOpcode],
  [Mnemonic.Int3, exception(3)],
  [Mnemonic.Int1, exception(1)],
  [Mnemonic.Cpuid, system("cpuid")],
  [Mnemonic.Rdtsc, system("rdtsc")],
  [Mnemonic.Rdtscp, system("rdtscp")],
  [Mnemonic.Rdpmc, system("rdpmc")],
  [Mnemonic.Rdmsr, system("rdmsr")],
  [Mnemonic.Wrmsr, system("wrmsr")],
  [Mnemonic.Rdrand, system("rdrand", destinationInformation)],
  [Mnemonic.Rdseed, system("rdseed", destinationInformation)],
  [Mnemonic.Rdfsbase, system("rdfsbase")],
  [Mnemonic.Rdgsbase, system("rdgsbase")],
  [Mnemonic.Wrfsbase, system("wrfsbase")],
  [Mnemonic.Wrgsbase, system("wrgsbase")],
  [Mnemonic.Hlt, system("hlt")],
  [Mnemonic.Monitor, monitor],
  [Mnemonic.Mwait, system("mwait")],
  [Mnemonic.In, port("in")],
  [Mnemonic.Out, port("out")],
  [Mnemonic.Insb, stringPort("ins", 1)],
  [Mnemonic.Insw, stringPort("ins", 2)],
  [Mnemonic.Insd, stringPort("ins", 4)],
  [Mnemonic.Outsb, stringPort("outs", 1)],
  [Mnemonic.Outsw, stringPort("outs", 2)],
  [Mnemonic.Outsd, stringPort("outs", 4)],
  [Mnemonic.Cli, system("cli")],
  [Mnemonic.Sti, system("sti")],
  [Mnemonic.Clac, system("clac")],
  [Mnemonic.Stac, system("stac")],
  [Mnemonic.Clts, system("clts")],
  [Mnemonic.Smsw, system("smsw")],
  [Mnemonic.Lmsw, system("lmsw")],
  [Mnemonic.Lgdt, tableInstruction("lgdt")],
  [Mnemonic.Lidt, tableInstruction("lidt")],
  [Mnemonic.Sgdt, tableInstruction("sgdt")],
  [Mnemonic.Sidt, tableInstruction("sidt")],
  [Mnemonic.Lldt, taskInstruction("lldt")],
  [Mnemonic.Ltr, taskInstruction("ltr")],
  [Mnemonic.Sldt, taskInstruction("sldt")],
  [Mnemonic.Str, taskInstruction("str")],
  [Mnemonic.Lar, system("lar")],
  [Mnemonic.Lsl, system("lsl")],
  [Mnemonic.Verr, system("verr")],
  [Mnemonic.Verw, system("verw")],
  [Mnemonic.Arpl, system("arpl")],
  [Mnemonic.Invlpg, system("invlpg")],
  [Mnemonic.Invpcid, system("invpcid", invalidationInformation)],
  [Mnemonic.Wbinvd, writeBack],
  [Mnemonic.Wbnoinvd, writeBack],
  [Mnemonic.Invd, system("invd")],
  [Mnemonic.Vmcall, system("vmcall")],
  [Mnemonic.Vmclear, system("vmclear", memoryInformation)],
  [Mnemonic.Vmlaunch, system("vmlaunch")],
  [Mnemonic.Vmptrld, system("vmptrld", memoryInformation)],
  [Mnemonic.Vmptrst, system("vmptrst", memoryInformation)],
  [Mnemonic.Vmread, system("vmread", vmcsFieldInformation(1))],
  [Mnemonic.Vmresume, system("vmresume")],
  [Mnemonic.Vmwrite, system("vmwrite", vmcsFieldInformation(0))],
  [Mnemonic.Vmxoff, system("vmxoff")],
  [Mnemonic.Vmxon, system("vmxon", memoryInformation)],
  [Mnemonic.Invept, system("invept", invalidationInformation)],
  [Mnemonic.Invvpid, system("invvpid", invalidationInformation)],
];
