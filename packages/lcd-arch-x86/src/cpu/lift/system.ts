import { Mnemonic, OpKind } from "iced-x86";
import { StateOffset } from "../state";
import { stopForSystem } from "./data";
import { gprOperand, type Lift } from "./operands";
import type { LiftFunction, LiftTable } from "./table";

/** Stops with an exception at this instruction. */
const exception =
  (vector: number, errorCode: number | null = null): LiftFunction =>
  ({ b }) => {
    b.terminator = { kind: "stop", site: b.site({ kind: "exception", vector, errorCode }) };
  };

/** Stops for `cpu/system/`; a memory operand's linear address goes along in `slowAddress`, a register's number and size as operands. */
const system =
  (operation: string): LiftFunction =>
  (lift: Lift) => {
    const operands: number[] = [];
    for (let operand = 0; operand < lift.operandCount; operand++) {
      if (lift.kind(operand) === OpKind.Memory) {
        lift.b.setField64(StateOffset.slowAddress, lift.linearAddress());
        operands.push(-1, 8);
      } else if (lift.kind(operand) === OpKind.Register) {
        const { register, size } = gprOperand(lift.instruction.opRegister(operand));
        operands.push(register, size);
      } else {
        operands.push(Number(lift.immediate(operand)), 0);
      }
    }
    stopForSystem(lift, operation, operands);
  };

/** IN and OUT: AL, AX or EAX, and a port in DX or in the instruction. */
const port =
  (input: 0 | 1): LiftFunction =>
  (lift) => {
    const accumulator = input === 1 ? 0 : 1;
    const other = 1 - accumulator;
    const number = lift.kind(other) === OpKind.Register ? -1 : Number(lift.immediate(other));
    stopForSystem(lift, input === 1 ? "in" : "out", [input, lift.size(accumulator), number]);
  };

/** Vector of #UD, which undefined encodings raise, and instructions that CPUID does not announce. */
export const INVALID_OPCODE = 6;

export const invalidOpcode = exception(INVALID_OPCODE);

/** #GP(0), which an instruction of more than 15 bytes raises. */
export const tooLong = exception(13, 0);

export const systemInstructions: LiftTable = [
  [Mnemonic.Ud2, invalidOpcode],
  [Mnemonic.Ud1, invalidOpcode],
  [Mnemonic.Ud0, invalidOpcode],
  [Mnemonic.Int3, exception(3)],
  [Mnemonic.Int1, exception(1)],
  [Mnemonic.Cpuid, system("cpuid")],
  [Mnemonic.Rdtsc, system("rdtsc")],
  [Mnemonic.Rdtscp, system("rdtscp")],
  [Mnemonic.Rdmsr, system("rdmsr")],
  [Mnemonic.Wrmsr, system("wrmsr")],
  [Mnemonic.Hlt, system("hlt")],
  [Mnemonic.In, port(1)],
  [Mnemonic.Out, port(0)],
  [Mnemonic.Cli, system("cli")],
  [Mnemonic.Sti, system("sti")],
  [Mnemonic.Clts, system("clts")],
  [Mnemonic.Invlpg, system("invlpg")],
  [Mnemonic.Wbinvd, system("wbinvd")],
  [Mnemonic.Invd, system("invd")],
  [Mnemonic.Vmcall, system("vmcall")],
  [Mnemonic.Vmclear, system("vmclear")],
  [Mnemonic.Vmlaunch, system("vmlaunch")],
  [Mnemonic.Vmptrld, system("vmptrld")],
  [Mnemonic.Vmptrst, system("vmptrst")],
  [Mnemonic.Vmread, system("vmread")],
  [Mnemonic.Vmresume, system("vmresume")],
  [Mnemonic.Vmwrite, system("vmwrite")],
  [Mnemonic.Vmxoff, system("vmxoff")],
  [Mnemonic.Vmxon, system("vmxon")],
  [Mnemonic.Invept, system("invept")],
  [Mnemonic.Invvpid, system("invvpid")],
];
