import { Register as IcedRegister, MemorySizeExt, OpKind } from "iced-x86";
import type { Instruction } from "../instruction";
import type { Value } from "../ir";
import { Gpr, Segment } from "../state";
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

/** Kinds of registers: general-purpose; segment, control, debug and test; XMM (and wider), MMX, x87. */
export type RegisterKind = "general" | "system" | "vector";

const systemRanges = [
  [IcedRegister.ES, IcedRegister.GS],
  [IcedRegister.CR0, IcedRegister.CR15],
  [IcedRegister.DR0, IcedRegister.DR15],
  [IcedRegister.TR0, IcedRegister.TR7],
] as const;

/** The kind of register that iced's number names. */
export function registerKind(register: IcedRegister): RegisterKind {
  if (isGpr(register)) {
    return "general";
  }
  return systemRanges.some(([first, last]) => register >= first && register <= last) ? "system" : "vector";
}

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
  private address: Value | null = null;

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
    return stackBases.has(memoryBase) && memorySegment !== IcedRegister.FS && memorySegment !== IcedRegister.GS;
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
      return this.b.load(size, this.linearAddress(), forWrite, this.throughStack);
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
      this.b.store(this.size(operand), this.linearAddress(), value, this.throughStack);
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

  /** Effective addresses are cut to 32 bits: an address-size prefix. */
  get narrowAddress(): boolean {
    const { memoryBase, memoryIndex, memoryDisplSize } = this.instruction;
    if (memoryBase === IcedRegister.EIP) {
      return true;
    }
    const register = memoryBase !== IcedRegister.None ? memoryBase : memoryIndex;
    if (register === IcedRegister.RIP) {
      return false;
    }
    return register === IcedRegister.None ? memoryDisplSize === 4 : gprOperand(register).size === 4;
  }

  /** Effective address of the memory operand, without the segment's base: what LEA computes. */
  effectiveAddress(): Value {
    const { b, instruction } = this;
    const base = instruction.memoryBase;
    const index = instruction.memoryIndex;
    const displacement = BigInt.asIntN(64, instruction.memoryDisplacement);
    if (base === IcedRegister.RIP) {
      return b.i64(displacement);
    }
    if (base === IcedRegister.EIP) {
      return b.i64(BigInt.asUintN(32, displacement));
    }
    let sum: Value | null = null;
    let narrow = false;
    if (base !== IcedRegister.None) {
      const { register, size } = gprOperand(base);
      narrow = size === 4;
      sum = b.register(register);
    }
    if (index !== IcedRegister.None) {
      const { register, size } = gprOperand(index);
      narrow = size === 4;
      const scale = Math.log2(instruction.memoryIndexScale);
      const scaled = scale === 0 ? b.register(register) : b.shl(b.register(register), b.i64(scale));
      sum = sum === null ? scaled : b.add(sum, scaled);
    }
    if (sum === null) {
      const low = instruction.memoryDisplSize === 4 ? BigInt.asUintN(32, displacement) : displacement;
      return b.i64(low);
    }
    const total = displacement === 0n ? sum : b.add(sum, b.i64(displacement));
    return narrow ? b.extendU(b.wrap(total)) : total;
  }

  /** Linear address of the memory operand; computed once. */
  linearAddress(): Value {
    this.address ??= this.withSegment(this.effectiveAddress(), this.instruction.memorySegment);
    return this.address;
  }

  /** Adds the base of FS or GS; the other segments have base 0 in 64-bit mode. */
  withSegment(address: Value, segment: IcedRegister): Value {
    if (segment === IcedRegister.FS) {
      return this.b.add(address, this.b.segmentBase(Segment.fs));
    }
    return segment === IcedRegister.GS ? this.b.add(address, this.b.segmentBase(Segment.gs)) : address;
  }
}
