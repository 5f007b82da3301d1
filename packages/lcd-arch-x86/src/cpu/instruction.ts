import { type Code, FlowControl, type Instruction as IcedInstruction, Mnemonic, OpKind, type Register } from "iced-x86";

/** What all instructions of an encoding have in common. */
interface Encoding {
  mnemonic: Mnemonic;
  flowControl: FlowControl;
  opCount: number;
}

/** Encodings that have been met, by iced's number. */
const encodings: (Encoding | undefined)[] = [];

function meet(code: Code, { mnemonic, flowControl, opCount }: IcedInstruction): Encoding {
  const encoding = { mnemonic, flowControl, opCount };
  encodings[code] = encoding;
  return encoding;
}

/**
 * A decoded instruction. What is asked for again and again is read from the decoder once, because each question to it
 * is a call into another WebAssembly module.
 */
export class Instruction {
  /** iced's number of the encoding. */
  readonly code: Code;
  readonly mnemonic: Mnemonic;
  /** Bytes. */
  readonly length: number;
  readonly flowControl: FlowControl;
  readonly opCount: number;
  /**
   * About how often it accesses memory; what writes an operand counts twice, because most of that reads it, too. An
   * access to the stack that has no operand counts as none.
   */
  readonly accesses: number;
  /** The bytes are no instruction because they would be one of more than 15. */
  isTooLong = false;
  private readonly kinds: OpKind[] = [];
  private readonly registers: Register[] = [];

  constructor(private readonly iced: IcedInstruction) {
    const { code } = iced;
    const { mnemonic, flowControl, opCount } = encodings[code] ?? meet(code, iced);
    this.code = code;
    this.mnemonic = mnemonic;
    this.flowControl = flowControl;
    this.opCount = opCount;
    this.length = iced.length;
    let accesses = 0;
    for (let operand = 0; operand < opCount; operand++) {
      const kind = iced.opKind(operand);
      this.kinds.push(kind);
      this.registers.push(kind === OpKind.Register ? iced.opRegister(operand) : 0);
      if (accesses === 0 && kind >= OpKind.MemorySegSI) {
        accesses = operand === 0 ? 2 : 1;
      }
    }
    this.accesses = accesses;
  }

  /** The bytes are no instruction. */
  get isInvalid(): boolean {
    return this.mnemonic === Mnemonic.INVALID;
  }

  opKind(operand: number): OpKind {
    return this.kinds[operand];
  }

  /** iced's number of a register operand; 0 for other kinds. */
  opRegister(operand: number): Register {
    return this.registers[operand];
  }

  /** A direct CALL: control comes back behind it. */
  get isDirectCall(): boolean {
    return this.flowControl === FlowControl.Call && this.mnemonic === Mnemonic.Call && !this.isFar;
  }

  get isCall(): boolean {
    return this.mnemonic === Mnemonic.Call;
  }

  /** A JMP or CALL that names a code segment, too. */
  get isFar(): boolean {
    const { iced } = this;
    return iced.isJmpFar || iced.isCallFar || iced.isJmpFarIndirect || iced.isCallFarIndirect;
  }

  /** Where a far JMP or CALL with an immediate pointer goes. */
  get farBranchOffset(): number {
    return this.opKind(0) === OpKind.FarBranch16 ? this.iced.farBranch16 : this.iced.farBranch32;
  }
  get farBranchSelector(): number {
    return this.iced.farBranchSelector;
  }

  /** A near RET. */
  get isReturn(): boolean {
    return this.mnemonic === Mnemonic.Ret;
  }

  get nearBranchTarget(): bigint {
    return this.iced.nearBranchTarget;
  }
  get stackPointerIncrement(): number {
    return this.iced.stackPointerIncrement;
  }
  get memoryBase(): Register {
    return this.iced.memoryBase;
  }
  get memoryIndex(): Register {
    return this.iced.memoryIndex;
  }
  get memoryIndexScale(): number {
    return this.iced.memoryIndexScale;
  }
  get memoryDisplacement(): bigint {
    return this.iced.memoryDisplacement;
  }
  get memoryDisplSize(): number {
    return this.iced.memoryDisplSize;
  }
  get memorySegment(): Register {
    return this.iced.memorySegment;
  }
  get memorySize(): IcedInstruction["memorySize"] {
    return this.iced.memorySize;
  }
  get isIpRelMemoryOperand(): boolean {
    return this.iced.isIpRelMemoryOperand;
  }
  get hasLockPrefix(): boolean {
    return this.iced.hasLockPrefix;
  }
  get hasRepPrefix(): boolean {
    return this.iced.hasRepPrefix;
  }
  get hasRepePrefix(): boolean {
    return this.iced.hasRepePrefix;
  }
  get hasRepnePrefix(): boolean {
    return this.iced.hasRepnePrefix;
  }

  immediate(operand: number): bigint {
    return this.iced.immediate(operand);
  }

  /** Gives the decoder's memory back. */
  free(): void {
    this.iced.free();
  }
}
