import { Code, Register as IcedRegister, OpKind } from "iced-x86";
import { gprOperand, type Lift, segmentNumber } from "./operands";

/**
 * The VM-exit instruction-information field (SDM 3C, "Information for VM Exits Due to Instruction Execution"): what a
 * hypervisor is told of an instruction that caused a VM exit. It follows from the encoding alone.
 */
export type InformationFormat = (lift: Lift) => number;

/** Where the parts are that several formats share. */
const Part = {
  scaling: 0,
  register1: 3,
  addressSize: 7,
  operandSize: 11,
  segment: 15,
  index: 18,
  base: 23,
  identity: 28,
  register2: 28,
} as const;

const IS_REGISTER = 1 << 10;
const NO_INDEX = 1 << 22;
const NO_BASE = 1 << 27;

/** Address and operand sizes are told as 0 to 2: 16, 32 or 64 bits. */
const sizeCode = (bytes: number): number => Math.log2(bytes) - 1;

/** Where the memory operand is: scaling, address size, segment, index and base. */
export const memoryInformation: InformationFormat = ({ instruction, addressSize }) => {
  const { memoryBase, memoryIndex, memoryIndexScale, memorySegment } = instruction;
  const relative = memoryBase === IcedRegister.RIP || memoryBase === IcedRegister.EIP;
  const base = memoryBase === IcedRegister.None || relative ? null : gprOperand(memoryBase);
  const index = memoryIndex === IcedRegister.None ? null : gprOperand(memoryIndex);
  return (
    (sizeCode(addressSize) << Part.addressSize) |
    (segmentNumber(memorySegment) << Part.segment) |
    (index === null ? NO_INDEX : (index.register << Part.index) | (Math.log2(memoryIndexScale) << Part.scaling)) |
    (base === null ? NO_BASE : base.register << Part.base)
  );
};

const registerOf = (lift: Lift, operand: number): number => gprOperand(lift.instruction.opRegister(operand)).register;

/** A memory operand as above, or a register: both in their places. */
const registerOrMemory = (lift: Lift, operand: number): number =>
  lift.kind(operand) === OpKind.Register
    ? IS_REGISTER | (registerOf(lift, operand) << Part.register1)
    : memoryInformation(lift);

const with16BitOperand = new Set<Code>([
  Code.Lgdt_m1632_16,
  Code.Lidt_m1632_16,
  Code.Sgdt_m1632_16,
  Code.Sidt_m1632_16,
]);

/** LIDT, LGDT, SIDT and SGDT. */
export const descriptorTableInformation =
  (identity: number): InformationFormat =>
  (lift) => {
    const wide = with16BitOperand.has(lift.instruction.code) ? 0 : 1;
    return memoryInformation(lift) | (wide << Part.operandSize) | (identity << Part.identity);
  };

/** LLDT, LTR, SLDT and STR. */
export const taskRegisterInformation =
  (identity: number): InformationFormat =>
  (lift) =>
    registerOrMemory(lift, 0) | (identity << Part.identity);

/** INVEPT, INVPCID and INVVPID: operand 0 is a register, operand 1 memory. */
export const invalidationInformation: InformationFormat = (lift) =>
  memoryInformation(lift) | (registerOf(lift, 0) << Part.register2);

/** VMREAD and VMWRITE: `field` is the operand that names the field. */
export const vmcsFieldInformation =
  (field: 0 | 1): InformationFormat =>
  (lift) =>
    registerOrMemory(lift, 1 - field) | (registerOf(lift, field) << Part.register2);

/** RDRAND and RDSEED: the destination and its size. */
export const destinationInformation: InformationFormat = (lift) =>
  (registerOf(lift, 0) << Part.register1) | (sizeCode(lift.size(0)) << Part.operandSize);

/** INS and OUTS: address size in bytes; the segment is OUTS's, 0 for INS. */
export const stringPortInformation = (addressSize: number, segment: IcedRegister | null): number =>
  (sizeCode(addressSize) << Part.addressSize) | (segment === null ? 0 : segmentNumber(segment) << Part.segment);
