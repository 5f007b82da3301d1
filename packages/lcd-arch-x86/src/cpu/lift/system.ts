import { Code, Mnemonic, OpKind } from "iced-x86";
import { codeBytes } from "../code-mode";
import type { Value } from "../ir";
import { Segment, StateOffset } from "../state";
import { XSAVE_SIZE } from "../system/xsave-area";
import { stopForSystem } from "./data";
import {
  descriptorTableInformation,
  destinationInformation,
  type InformationFormat,
  invalidationInformation,
  memoryInformation,
  stringPortInformation,
  taskRegisterInformation,
  vmcsFieldInformation,
} from "./instruction-information";
import { gprOperand, type Lift, segmentNumber } from "./operands";
import { stringAddressSize } from "./strings";
import type { LiftFunction, LiftTable } from "./table";

const GENERAL_PROTECTION = 13;

/** Stops with an exception at this instruction. */
const exception =
  (vector: number, errorCode: number | null = null): LiftFunction =>
  ({ b }) => {
    b.terminator = { kind: "stop", site: b.site({ kind: "exception", vector, errorCode }) };
  };

/** What a system instruction has besides its operands. */
interface SystemForm {
  /** A VM exit tells more of it. */
  format?: InformationFormat;
  /** How its memory operand is used; one that is only named is not checked. */
  memory?: "read" | "written" | "named";
  /** Bytes of its memory operand, if the decoder does not know. */
  size?: number;
}

/**
 * Stops for `cpu/system/`. Two numbers go along for each operand: a register's number, or -1 for memory, whose linear
 * address is then in `slowAddress`, and its size in bytes; an immediate and 0. With a `format`, what a VM exit tells of
 * the instruction follows them, and `slowValue` is the displacement.
 */
const system =
  (operation: string, { format, memory = "read", size }: SystemForm = {}): LiftFunction =>
  (lift) => {
    const operands: number[] = [];
    lift.b.operation = operation;
    for (let operand = 0; operand < lift.operandCount; operand++) {
      if (lift.isMemory(operand)) {
        const bytes = size ?? lift.size(operand);
        const address = memory === "named" ? linearAddress(lift) : lift.address(bytes, memory === "written");
        lift.b.setField64(StateOffset.slowAddress, address);
        operands.push(-1, bytes);
      } else {
        operands.push(...registerOrImmediate(lift, operand));
      }
    }
    if (format !== undefined) {
      operands.push(format(lift));
      lift.b.setField64(StateOffset.slowValue, lift.b.i64(lift.instruction.memoryDisplacement));
    }
    lift.b.operation = undefined;
    stopForSystem(lift, operation, operands);
  };

function registerOrImmediate(lift: Lift, operand: number): [value: number, size: number] {
  if (lift.kind(operand) !== OpKind.Register) {
    return [Number(lift.immediate(operand)), 0];
  }
  const { register, size } = gprOperand(lift.instruction.opRegister(operand));
  return [register, size];
}

/** Linear address of a memory operand that is not accessed: nothing is checked. */
function linearAddress(lift: Lift): Value {
  const { b } = lift;
  const segment = segmentNumber(lift.instruction.memorySegment);
  const wide = codeBytes(b.mode) === 8;
  const base = wide && segment < Segment.fs ? b.i64(0) : b.segmentBase(segment);
  return lift.within(b.add(lift.effectiveAddress(), base), wide ? 8 : 4);
}

/** Vector of #UD, which undefined encodings raise, and instructions that CPUID does not announce. */
export const INVALID_OPCODE = 6;

export const invalidOpcode = exception(INVALID_OPCODE);

/** #GP(0), which an instruction of more than 15 bytes raises. */
export const tooLong = exception(GENERAL_PROTECTION, 0);

/** "Instruction identity" in the information on accesses to descriptor-table registers, and to LDTR and TR. */
const TableIdentity = { sgdt: 0, sidt: 1, lgdt: 2, lidt: 3 } as const;
const TaskIdentity = { sldt: 0, str: 1, lldt: 2, ltr: 3 } as const;

const tableInstruction = (name: keyof typeof TableIdentity): LiftFunction =>
  system(name, {
    format: descriptorTableInformation(TableIdentity[name]),
    memory: name.startsWith("s") ? "written" : "read",
  });
const taskInstruction = (name: keyof typeof TaskIdentity): LiftFunction =>
  system(name, {
    format: taskRegisterInformation(TaskIdentity[name]),
    memory: name.startsWith("s") ? "written" : "read",
  });

/** IN and OUT: AL, AX or EAX, and a port in DX or in the instruction. */
const port =
  (operation: "in" | "out"): LiftFunction =>
  (lift) => {
    const accumulator = operation === "in" ? 0 : 1;
    const other = 1 - accumulator;
    const number = lift.kind(other) === OpKind.Register ? -1 : Number(lift.immediate(other));
    stopForSystem(lift, operation, [lift.size(accumulator), number]);
  };

/** INS and OUTS of `size` bytes: `cpu/system/` does one repetition at a time. */
const stringPort =
  (operation: "ins" | "outs", size: number): LiftFunction =>
  (lift) => {
    const { instruction } = lift;
    const addressSize = stringAddressSize(lift);
    const repeated = instruction.hasRepPrefix || instruction.hasRepnePrefix ? 1 : 0;
    const segment = operation === "ins" ? null : instruction.memorySegment;
    const information = stringPortInformation(addressSize, segment);
    stopForSystem(lift, operation, [
      size,
      repeated,
      addressSize,
      segmentNumber(instruction.memorySegment),
      information,
    ]);
  };

/** MONITOR looks at the segment and the address size of [rAX]. */
const monitorAddressSizes: ReadonlyMap<Code, number> = new Map([
  [Code.Monitorw, 2],
  [Code.Monitord, 4],
  [Code.Monitorq, 8],
]);

const monitor: LiftFunction = (lift) => {
  const { code, memorySegment } = lift.instruction;
  stopForSystem(lift, "monitor", [monitorAddressSizes.get(code) ?? 8, segmentNumber(memorySegment)]);
};

/** Without WBNOINVD its prefix is ignored: it is WBINVD. */
const writeBack = system("wbinvd");

const xsaveArea = { size: XSAVE_SIZE, memory: "written" } as const;
const xrstorArea = { size: XSAVE_SIZE } as const;

export const systemInstructions: LiftTable = [
  [Mnemonic.Ud2, invalidOpcode],
  [Mnemonic.Ud1, invalidOpcode],
  [Mnemonic.Ud0, invalidOpcode],
  [Mnemonic.Cpuid, system("cpuid")],
  [Mnemonic.Rdtsc, system("rdtsc")],
  [Mnemonic.Rdtscp, system("rdtscp")],
  [Mnemonic.Rdpmc, system("rdpmc")],
  [Mnemonic.Rdmsr, system("rdmsr")],
  [Mnemonic.Wrmsr, system("wrmsr")],
  [Mnemonic.Rdrand, system("rdrand", { format: destinationInformation })],
  [Mnemonic.Rdseed, system("rdseed", { format: destinationInformation })],
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
  [Mnemonic.Smsw, system("smsw", { memory: "written" })],
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
  [Mnemonic.Arpl, system("arpl", { memory: "written" })],
  [Mnemonic.Fxsave, system("fxsave", { memory: "written" })],
  [Mnemonic.Fxsave64, system("fxsave64", { memory: "written" })],
  [Mnemonic.Fxrstor, system("fxrstor")],
  [Mnemonic.Fxrstor64, system("fxrstor64")],
  [Mnemonic.Xgetbv, system("xgetbv")],
  [Mnemonic.Xsetbv, system("xsetbv")],
  [Mnemonic.Xsave, system("xsave", xsaveArea)],
  [Mnemonic.Xsave64, system("xsave64", xsaveArea)],
  [Mnemonic.Xrstor, system("xrstor", xrstorArea)],
  [Mnemonic.Xrstor64, system("xrstor64", xrstorArea)],
  [Mnemonic.Invlpg, system("invlpg", { memory: "named" })],
  [Mnemonic.Invpcid, system("invpcid", { format: invalidationInformation })],
  [Mnemonic.Wbinvd, writeBack],
  [Mnemonic.Wbnoinvd, writeBack],
  [Mnemonic.Invd, system("invd")],
  [Mnemonic.Vmcall, system("vmcall")],
  [Mnemonic.Vmclear, system("vmclear", { format: memoryInformation })],
  [Mnemonic.Vmlaunch, system("vmlaunch")],
  [Mnemonic.Vmptrld, system("vmptrld", { format: memoryInformation })],
  [Mnemonic.Vmptrst, system("vmptrst", { format: memoryInformation, memory: "written" })],
  [Mnemonic.Vmread, system("vmread", { format: vmcsFieldInformation(1), memory: "written" })],
  [Mnemonic.Vmresume, system("vmresume")],
  [Mnemonic.Vmwrite, system("vmwrite", { format: vmcsFieldInformation(0) })],
  [Mnemonic.Vmxoff, system("vmxoff")],
  [Mnemonic.Vmxon, system("vmxon", { format: memoryInformation })],
  [Mnemonic.Invept, system("invept", { format: invalidationInformation })],
  [Mnemonic.Invvpid, system("invvpid", { format: invalidationInformation })],
];
