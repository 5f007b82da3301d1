import { Register as IcedRegister, MemorySizeExt, OpKind } from "iced-x86";
import { CodeMode, codeBytes, stackBytes } from "../code-mode";
import type { Instruction } from "../instruction";
import type { Value } from "../ir";
import { Gpr, Segment, StateOffset } from "../state";
import type { BlockBuilder } from "./builder";

/** Where a general-purpose register operand lies: register number, bytes, and whether it is AH, CH, DH or BH. */
export interface GprOperand {
  register: number;
  size: number;
  high: boolean;
}

/** Every general-purpose register by iced's number. */
const gprOperands: readonly (GprOperand | undefined)[] = (() => {
  const table: (GprOperand | undefined)[] = [];
  const fill = (first: number, count: number, size: number, from: number, high = false): void => {
    for (let i = 0; i < count; i++) {
      table[first + i] = { register: from + i, size, high };
    }
  };
  fill(IcedRegister.AL, 4, 1, Gpr.rax);
  fill(IcedRegister.AH, 4, 1, Gpr.rax, true);
  fill(IcedRegister.SPL, 12, 1, Gpr.rsp);
  fill(IcedRegister.AX, 16, 2, Gpr.rax);
  fill(IcedRegister.EAX, 16, 4, Gpr.rax);
  fill(IcedRegister.RAX, 16, 8, Gpr.rax);
  return table;
})();

/** The general-purpose register that iced's number names. @throws RangeError for any other register */
export function gprOperand(register: IcedRegister): GprOperand {
  const operand = gprOperands[register];
  if (operand === undefined) {
    throw new RangeError(`${IcedRegister[register]} is not a general-purpose register`);
  }
  return operand;
}

/** Whether iced's number names a general-purpose register. */
export const isGpr = (register: IcedRegister): boolean => gprOperands[register] !== undefined;

/** Kinds of registers: general-purpose; segment, control, debug and test; MMX; XMM (and wider) and x87. */
export type RegisterKind = "general" | "system" | "mmx" | "vector";

/** Registers that are neither general-purpose nor vectors, by iced's number. */
const registerKinds: readonly (RegisterKind | undefined)[] = (() => {
  const table: (RegisterKind | undefined)[] = [];
  const fill = (first: IcedRegister, last: IcedRegister, kind: RegisterKind): void => {
    for (let register = first; register <= last; register++) {
      table[register] = kind;
    }
  };
  fill(IcedRegister.ES, IcedRegister.GS, "system");
  fill(IcedRegister.CR0, IcedRegister.CR15, "system");
  fill(IcedRegister.DR0, IcedRegister.DR15, "system");
  fill(IcedRegister.TR0, IcedRegister.TR7, "system");
  fill(IcedRegister.MM0, IcedRegister.MM7, "mmx");
  return table;
})();

/** The kind of register that iced's number names. */
export const registerKind = (register: IcedRegister): RegisterKind =>
  isGpr(register) ? "general" : (registerKinds[register] ?? "vector");

const immediateKinds = new Set<OpKind>([
  OpKind.Immediate8,
  OpKind.Immediate8_2nd,
  OpKind.Immediate16,
  OpKind.Immediate32,
  OpKind.Immediate64,
  OpKind.Immediate8to16,
  OpKind.Immediate8to32,
  OpKind.Immediate8to64,
  OpKind.Immediate32to64,
]);

/** Base registers that imply SS. */
const stackBases = new Set<IcedRegister>([IcedRegister.RSP, IcedRegister.RBP, IcedRegister.ESP, IcedRegister.EBP]);

/**
 * One instruction being lifted: its operands, read and written as values.
 *
 * Values of 1, 2 and 4 bytes are i32, zero-extended; of 8 bytes i64.
 */
export class Lift {
  private readAddress: Value | null = null;
  private writeAddress: Value | null = null;

  constructor(
    readonly b: BlockBuilder,
    readonly instruction: Instruction,
  ) {}

  /**
   * The memory operand is in the stack segment: its base is RSP or RBP. In 64-bit mode only FS and GS prefixes change
   * that; the others are ignored (SDM 1, "Segment Registers in 64-Bit Mode").
   */
  get throughStack(): boolean {
    const { memoryBase, memorySegment } = this.instruction;
    if (codeBytes(this.b.mode) !== 8) {
      return this.isStack(memorySegment);
    }
    return stackBases.has(memoryBase) && memorySegment !== IcedRegister.FS && memorySegment !== IcedRegister.GS;
  }

  /** Whether an access through a segment that the instruction names is to the stack; in 64-bit mode only FS and GS count. */
  isStack(segment: IcedRegister): boolean {
    return codeBytes(this.b.mode) !== 8 && segment === IcedRegister.SS;
  }

  get operandCount(): number {
    return this.instruction.opCount;
  }

  kind(operand: number): OpKind {
    return this.instruction.opKind(operand);
  }

  isMemory(operand: number): boolean {
    return operand < this.instruction.opCount && this.kind(operand) === OpKind.Memory;
  }

  /** Bytes of a register or memory operand. */
  size(operand: number): number {
    switch (this.kind(operand)) {
      case OpKind.Register:
        return gprOperand(this.instruction.opRegister(operand)).size;
      case OpKind.Memory:
        return MemorySizeExt.size(this.instruction.memorySize);
      default:
        throw new RangeError(`operand ${operand} has no size of its own`);
    }
  }

  /** Reads an operand; immediates are given the type of a `size`-byte value. `forWrite`: it is written afterwards. */
  read(operand: number, size: number, forWrite = false): Value {
    const kind = this.kind(operand);
    if (kind === OpKind.Register) {
      return this.readGpr(gprOperand(this.instruction.opRegister(operand)));
    }
    if (kind === OpKind.Memory) {
      return this.b.load(size, this.address(size, forWrite), forWrite, this.throughStack);
    }
    if (immediateKinds.has(kind)) {
      const immediate = this.instruction.immediate(operand);
      return size === 8 ? this.b.i64(immediate) : this.b.i32(Number(BigInt.asUintN(size * 8, immediate)));
    }
    throw new RangeError(`operand ${operand} of kind ${OpKind[kind]} is not readable`);
  }

  /** The constant of an immediate operand, sign-extended as the instruction says, modulo 2^64. */
  immediate(operand: number): bigint {
    return BigInt.asUintN(64, this.instruction.immediate(operand));
  }

  /** Writes a value of the operand's size to it. */
  write(operand: number, value: Value): void {
    if (this.kind(operand) === OpKind.Memory) {
      const size = this.size(operand);
      this.b.store(size, this.address(size, true), value, this.throughStack);
    } else {
      this.writeGpr(gprOperand(this.instruction.opRegister(operand)), value);
    }
  }

  readGpr({ register, size, high }: GprOperand): Value {
    const whole = this.b.register(register);
    if (size === 8) {
      return whole;
    }
    const low = this.b.wrap(whole);
    return high ? this.b.and(this.b.shrU(low, this.b.i32(8)), this.b.i32(0xff)) : this.b.clean(low, size);
  }

  /** Writes a register; 4 bytes clear the upper half, 1 and 2 bytes keep the rest (SDM 1, "General-Purpose Registers in 64-Bit Mode"). */
  writeGpr({ register, size, high }: GprOperand, value: Value): void {
    const b = this.b;
    if (size === 8) {
      b.setRegister(register, value);
    } else if (size === 4) {
      b.setRegister(register, b.extendU(value));
    } else {
      const shift = high ? 8 : 0;
      const mask = (size === 1 ? 0xffn : 0xffffn) << BigInt(shift);
      const rest = b.and(b.register(register), b.i64(~mask));
      const part = b.extendU(b.clean(value, size));
      b.setRegister(register, b.or(rest, shift === 0 ? part : b.shl(part, b.i64(shift))));
    }
  }

  /** The general-purpose register `register` as an operand of `size` bytes (never a high byte). */
  gpr(register: number, size: number): Value {
    return this.readGpr({ register, size, high: false });
  }

  setGpr(register: number, size: number, value: Value): void {
    this.writeGpr({ register, size, high: false }, value);
  }

  /** Bytes of the memory operand's effective address: 2, 4 or 8. */
  get addressSize(): number {
    const { memoryBase, memoryIndex, memoryDisplSize } = this.instruction;
    if (memoryBase === IcedRegister.EIP || memoryBase === IcedRegister.RIP) {
      return memoryBase === IcedRegister.EIP ? 4 : 8;
    }
    const register = memoryBase !== IcedRegister.None ? memoryBase : memoryIndex;
    return register === IcedRegister.None ? memoryDisplSize : gprOperand(register).size;
  }

  /** Effective address of the memory operand, without the segment's base, as an i64: what LEA computes. */
  effectiveAddress(): Value {
    const { b, instruction } = this;
    const base = instruction.memoryBase;
    const index = instruction.memoryIndex;
    const size = this.addressSize;
    const displacement = BigInt.asIntN(64, instruction.memoryDisplacement);
    if (base === IcedRegister.RIP || base === IcedRegister.EIP) {
      return b.i64(BigInt.asUintN(size * 8, displacement));
    }
    let sum: Value | null = base === IcedRegister.None ? null : b.register(gprOperand(base).register);
    if (index !== IcedRegister.None) {
      const { register } = gprOperand(index);
      const scale = Math.log2(instruction.memoryIndexScale);
      const scaled = scale === 0 ? b.register(register) : b.shl(b.register(register), b.i64(scale));
      sum = sum === null ? scaled : b.add(sum, scaled);
    }
    if (sum === null) {
      return b.i64(BigInt.asUintN(size * 8, displacement));
    }
    return this.within(displacement === 0n ? sum : b.add(sum, b.i64(displacement)), size);
  }

  /** Cuts an i64 to the low `size` bytes. */
  within(value: Value, size: number): Value {
    const { b } = this;
    switch (size) {
      case 8:
        return value;
      case 4:
        return b.extendU(b.wrap(value));
      default:
        return b.and(value, b.i64(0xffff));
    }
  }

  /**
   * Linear address of the memory operand, checked for an access to `size` bytes; what reads and writes of the same
   * operand use is computed once.
   *
   * @param alignment as `segmented` has it
   */
  address(size: number, forWrite = false, alignment = size): Value {
    const known = forWrite ? this.writeAddress : (this.readAddress ?? this.writeAddress);
    if (known !== null) {
      return known;
    }
    const address = this.segmented(this.effectiveAddress(), this.instruction.memorySegment, size, forWrite, alignment);
    if (forWrite) {
      this.writeAddress = address;
    } else {
      this.readAddress = address;
    }
    return address;
  }

  /** The linear address `bytes` behind another one: outside 64-bit mode it wraps around at 4 GiB. */
  behind(address: Value, bytes: number): Value {
    const { b } = this;
    return this.within(b.add(address, b.i64(bytes)), codeBytes(b.mode) === 8 ? 8 : 4);
  }

  /**
   * Linear address of an offset in a segment, an i64 within the address size.
   *
   * Outside 64-bit mode the access has to lie within the segment's limit and be of a kind that its type allows, or
   * raises #GP(0), through SS #SS(0) (SDM 3A, "Limit Checking", "Type Checking"). Flat segments need no check but for
   * writes through CS.
   *
   * @param alignment what the address must be a multiple of when alignment is checked, or raises #AC(0); 2, 4 or 8, of what
   *   has another size nothing is asked (SDM 3A, "Alignment Check Exception (#AC)")
   */
  segmented(offset: Value, segment: IcedRegister, size: number, forWrite: boolean, alignment = size): Value {
    const { b } = this;
    const { mode } = b;
    const number = segmentNumber(segment);
    const inFsGs = number >= Segment.fs;
    const mustBeAligned = (mode & CodeMode.alignment) !== 0 && (alignment === 2 || alignment === 4 || alignment === 8);
    let linear = offset;
    if (codeBytes(mode) === 8) {
      linear = inFsGs ? b.add(offset, b.segmentBase(number)) : offset;
    } else if ((mode & CodeMode.flat) === 0 || mustBeAligned || inFsGs || (forWrite && number === Segment.cs)) {
      const end = b.field64((forWrite ? StateOffset.segmentWriteEnd : StateOffset.segmentReadEnd) + 8 * number);
      const first = b.field64(StateOffset.segmentFirst + 8 * number);
      const outside = b.or(b.ltU(offset, first), b.ltU(end, b.add(offset, b.i64(size))));
      b.raiseIf(outside, number === Segment.ss ? STACK_FAULT : GENERAL_PROTECTION, 0);
      linear = this.within(b.add(offset, b.segmentBase(number)), 4);
    }
    if (mustBeAligned) {
      // An address that is not canonical raises #GP or #SS, where it is used.
      const misplaced = b.truth(b.and(linear, b.i64(alignment - 1)));
      b.raiseIf(b.and(misplaced, b.eqz(this.outsideCanonical(linear))), ALIGNMENT_CHECK, 0);
    }
    return linear;
  }

  /** Raises what the memory operand raises when its last byte, at this linear address, is not canonical, before any access. */
  requireCanonical(last: Value): void {
    if (codeBytes(this.b.mode) === 8) {
      this.b.raiseIf(this.outsideCanonical(last), this.throughStack ? STACK_FAULT : GENERAL_PROTECTION, 0);
    }
  }

  /** An i32, 0 or 1: whether a 64-bit address is not canonical (SDM 1, "Canonical Addressing"). */
  outsideCanonical(address: Value): Value {
    const { b } = this;
    const unused = b.i64((b.mode & CodeMode.linear57) !== 0 ? 7 : 16);
    return b.ne(b.shrS(b.shl(address, unused), unused), address);
  }

  // The stack.

  /** Bytes of the stack pointer: 8 in 64-bit mode, else as SS says. */
  get stackSize(): number {
    return stackBytes(this.b.mode);
  }

  /** The stack pointer moved by `by` bytes, an i64 within the stack pointer's size; of another register if given. */
  stackPointer(by = 0, register: number = Gpr.rsp): Value {
    const { b } = this;
    return this.within(b.add(b.register(register), b.i64(by)), this.stackSize);
  }

  setStackPointer(value: Value): void {
    this.setGpr(Gpr.rsp, this.stackSize, this.b.wrapTo(value, this.stackSize));
  }

  /** Loads from an offset in the stack segment. */
  loadFromStack(size: number, offset: Value): Value {
    return this.b.load(size, this.segmented(offset, IcedRegister.SS, size, false), false, true);
  }

  storeToStack(size: number, offset: Value, value: Value): void {
    this.b.store(size, this.segmented(offset, IcedRegister.SS, size, true), value, true);
  }
}

/** Number of a segment register, as `Segment` counts, from iced's number: ES CS SS DS FS GS are consecutive. */
export const segmentNumber = (register: IcedRegister): number => register - IcedRegister.ES;

const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const ALIGNMENT_CHECK = 17;
