import {
  type FloatOperation,
  floatOperations,
  type LaneOperation,
  laneOperations,
  type VectorOperation,
  vectorOperations,
} from "./ir-vector";

/**
 * The intermediate representation: what instructions mean, in a few typed operations. `lift/` makes it and
 * `translate/` turns it into WebAssembly. Pure operations are WebAssembly's own, under their names and with their
 * meaning (Core Specification, "Numeric Instructions"); guest state is read and written as registers and fields,
 * guest memory through `load` and `store`, which can fault.
 */

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Pure operations on integers: opcode and result type. */
export const integerOperations = {
  "i32.eqz": [0x45, "i32"],
  "i32.eq": [0x46, "i32"],
  "i32.ne": [0x47, "i32"],
  "i32.lt_s": [0x48, "i32"],
  "i32.lt_u": [0x49, "i32"],
  "i32.gt_s": [0x4a, "i32"],
  "i32.gt_u": [0x4b, "i32"],
  "i32.le_s": [0x4c, "i32"],
  "i32.le_u": [0x4d, "i32"],
  "i32.ge_s": [0x4e, "i32"],
  "i32.ge_u": [0x4f, "i32"],
  "i64.eqz": [0x50, "i32"],
  "i64.eq": [0x51, "i32"],
  "i64.ne": [0x52, "i32"],
  "i64.lt_s": [0x53, "i32"],
  "i64.lt_u": [0x54, "i32"],
  "i64.gt_s": [0x55, "i32"],
  "i64.gt_u": [0x56, "i32"],
  "i64.le_s": [0x57, "i32"],
  "i64.le_u": [0x58, "i32"],
  "i64.ge_s": [0x59, "i32"],
  "i64.ge_u": [0x5a, "i32"],
  "i32.clz": [0x67, "i32"],
  "i32.ctz": [0x68, "i32"],
  "i32.popcnt": [0x69, "i32"],
  "i32.add": [0x6a, "i32"],
  "i32.sub": [0x6b, "i32"],
  "i32.mul": [0x6c, "i32"],
  "i32.and": [0x71, "i32"],
  "i32.or": [0x72, "i32"],
  "i32.xor": [0x73, "i32"],
  "i32.shl": [0x74, "i32"],
  "i32.shr_s": [0x75, "i32"],
  "i32.shr_u": [0x76, "i32"],
  "i32.rotl": [0x77, "i32"],
  "i32.rotr": [0x78, "i32"],
  "i64.clz": [0x79, "i64"],
  "i64.ctz": [0x7a, "i64"],
  "i64.popcnt": [0x7b, "i64"],
  "i64.add": [0x7c, "i64"],
  "i64.sub": [0x7d, "i64"],
  "i64.mul": [0x7e, "i64"],
  /** Division: the lift has made sure that the divisor is not 0 and, if signed, that the quotient fits. */
  "i64.div_s": [0x7f, "i64"],
  "i64.div_u": [0x80, "i64"],
  "i64.rem_s": [0x81, "i64"],
  "i64.rem_u": [0x82, "i64"],
  "i64.and": [0x83, "i64"],
  "i64.or": [0x84, "i64"],
  "i64.xor": [0x85, "i64"],
  "i64.shl": [0x86, "i64"],
  "i64.shr_s": [0x87, "i64"],
  "i64.shr_u": [0x88, "i64"],
  "i64.rotl": [0x89, "i64"],
  "i64.rotr": [0x8a, "i64"],
  "i32.wrap_i64": [0xa7, "i32"],
  "i64.extend_i32_s": [0xac, "i64"],
  "i64.extend_i32_u": [0xad, "i64"],
  "i32.extend8_s": [0xc0, "i32"],
  "i32.extend16_s": [0xc1, "i32"],
  "i64.extend8_s": [0xc2, "i64"],
  "i64.extend16_s": [0xc3, "i64"],
  "i64.extend32_s": [0xc4, "i64"],
  /** select(a, b, condition): a when the condition is not 0. */
  "i32.select": [0x1b, "i32"],
  "i64.select": [0x1b, "i64"],
} as const satisfies Record<string, readonly [number, ValueType]>;

/** Pure operations that the runtime module computes: name to argument types and result type. */
export const runtimeOperations = {
  /** The arithmetic flags, at their places in RFLAGS, of lazy flags (op, over, a, b). */
  flagsOf: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" },
  /** High half of a 64 by 64 bit product. */
  multiplyHighUnsigned: { parameters: ["i64", "i64"], result: "i64" },
  multiplyHighSigned: { parameters: ["i64", "i64"], result: "i64" },
  /** Quotient of (high, low, divisor), a 128-bit division whose quotient fits. */
  divideUnsigned: { parameters: ["i64", "i64", "i64"], result: "i64" },
  /** Low bits of (value) put where (mask) has ones; bits of (value) where (mask) has ones, put side by side. */
  depositBits: { parameters: ["i64", "i64"], result: "i64" },
  extractBits: { parameters: ["i64", "i64"], result: "i64" },
} as const satisfies Record<string, { parameters: readonly ValueType[]; result: ValueType }>;

export type IntegerOperation = keyof typeof integerOperations;
export type PureOperation = IntegerOperation | FloatOperation | VectorOperation | LaneOperation;

/** All pure operations: opcode, with its prefix byte in bits 23:16, and result type. */
export const pureOperations: Readonly<Record<PureOperation, readonly [opcode: number, result: ValueType]>> = {
  ...integerOperations,
  ...floatOperations,
  ...vectorOperations,
  ...laneOperations,
};

/** Whether an operation has lane numbers as its immediate. */
export const hasLanes = (operation: string): operation is LaneOperation => operation in laneOperations;

export type RuntimeOperation = keyof typeof runtimeOperations;

/** Virtual registers: the sixteen general-purpose ones by number, the lazy flags (flags.ts), the sixteen XMM registers. */
export const Register = { flagA: 16, flagB: 17, flagOp: 18, flagOver: 19, xmm: 20 } as const;
/** Registers before XMM0, and all. */
export const SCALAR_REGISTERS = Register.xmm;
export const REGISTER_COUNT = Register.xmm + 16;

/** Type of a virtual register. */
export const registerType = (register: number): ValueType => {
  if (register >= Register.xmm) {
    return "v128";
  }
  return register === Register.flagOp || register === Register.flagOver ? "i32" : "i64";
};

/** What a value is computed from. `load` and `guarded` are computed by statements: they have effects. */
export type ValueKind = "const" | "register" | "field" | "pure" | "runtime" | "load" | "guarded";

/** One computed value. Values live inside one block. */
export class Value {
  /** Times it is read by what is emitted; set by translate/schedule.ts. */
  uses = 0;
  /** Position of the last statement that evaluates it; set by translate/schedule.ts. */
  lastUse = 0;
  /** WebAssembly local that holds it, or -1 when it is evaluated where it is used; set while emitting. */
  local = -1;
  /** Virtual registers that it reads, also through what it is computed from, as bit sets: those before XMM0, and XMM. */
  reads = 0;
  readsVector = 0;

  constructor(
    readonly kind: ValueKind,
    readonly type: ValueType,
    /** Operation name, for pure and runtime values. */
    readonly operation: PureOperation | RuntimeOperation | "",
    readonly operands: readonly Value[],
    /** Constant (bigint for i64, v128 and lanes of a shuffle), register number, lane, or byte offset of a state field. */
    readonly immediate: number | bigint,
    /** Bytes accessed by a load. */
    readonly size: number = 0,
    /** For loads: the access needs write permission (a read-modify-write's read). */
    readonly forWrite: boolean = false,
  ) {
    for (let at = 0; at < operands.length; at++) {
      const operand = operands[at];
      // A load is evaluated where it stands, so what it read before does not matter after.
      if (operand.kind !== "load") {
        this.reads |= operand.reads;
        this.readsVector |= operand.readsVector;
      }
    }
    if (kind === "register") {
      const number = immediate as number;
      if (number < SCALAR_REGISTERS) {
        this.reads = 1 << number;
      } else {
        this.readsVector = 1 << (number - SCALAR_REGISTERS);
      }
    }
  }
}

/**
 * What to look at to see that arithmetic on floating-point numbers is plain (translate/plain-arithmetic.ts). The
 * guard's condition says whether the numbers are; besides, the callout is needed when `roundsOtherwise` is not 0.
 */
export interface PlainArithmetic {
  /** Bytes of a number. */
  readonly size: 4 | 8;
  /** Operands that are no results, nor operands, of plain arithmetic earlier in the block; numbers, or vectors of them. */
  readonly operands: readonly Value[];
  readonly result: Value;
  readonly roundsOtherwise: Value;
}

/** What a block does, in order; `position` is its place in that order, set by translate/schedule.ts. */
export type Statement =
  | { kind: "set"; register: number; value: Value; position: number; dead: boolean }
  | { kind: "define"; value: Value; position: number }
  | { kind: "load"; value: Value; site: number; position: number }
  | { kind: "store"; address: Value; value: Value; size: number; site: number; position: number }
  /** Stops with the site's exception, or for its system instruction, when the condition is not 0. */
  | { kind: "raiseIf"; condition: Value; site: number; position: number }
  | { kind: "setField"; offset: number; value: Value; position: number }
  /** Calls TypeScript (cpu/callouts.ts), with operands and results in state fields; stops at the site if that raises. */
  | { kind: "callout"; number: number; site: number; position: number }
  /**
   * Gives `value`: `fast`, but when the condition is not 0 what a callout returns. Then `operands` are stored in the
   * fields for operands, and the result is read from the first of these. `plain`, where it is not null, can tell sooner
   * that `fast` will do.
   */
  | {
      kind: "guarded";
      value: Value;
      condition: Value;
      fast: Value;
      operands: readonly Value[];
      plain: PlainArithmetic | null;
      number: number;
      site: number;
      position: number;
    }
  /** Runs `body` again and again until an `exitIf` in it leaves. Each repetition counts as one more instruction. */
  | { kind: "repeat"; body: Statement[]; site: number; position: number }
  | { kind: "exitIf"; condition: Value; position: number };

/** How a block ends. */
export type Terminator =
  | { kind: "jump"; target: bigint }
  | { kind: "branch"; condition: Value; taken: bigint; next: bigint }
  /** Goes on at a computed place; `from` is the jump or call, null for a return, which has other ways to be foreseen. */
  | { kind: "indirect"; target: Value; from: bigint | null }
  /** Leaves translated code: a system instruction, an exception, a stop that the site describes. */
  | { kind: "stop"; site: number };

/** A place where translated code can stop: what a processor needs to go on from there. */
export interface Site {
  /** Address of the instruction that stops there. */
  rip: bigint;
  /** Its length in bytes. */
  length: number;
  /** Instructions of the block that were counted but have not retired. */
  uncount: number;
  /** Why it stops there, when that is known from the code alone. */
  cause: SiteCause;
}

export type SiteCause =
  /** The slow path of a memory access knows; `stack`: it went through SS. */
  | { kind: "memory"; stack: boolean }
  /** The callout knows. */
  | { kind: "callout" }
  /** The rest of the instruction lies on a page that cannot be fetched. */
  | { kind: "fetch" }
  /** No instructions left to run; `repeating`: between two repetitions of a string instruction. */
  | { kind: "limit"; repeating: boolean }
  /** `operation`: the memory operand of that system instruction is wrong, which counts only if it may be executed. */
  | { kind: "exception"; vector: number; errorCode: number | null; operation?: string }
  /** A system instruction, to be executed by `cpu/system/`; `stack`: its memory operand is reached through SS. */
  | { kind: "system"; operation: string; operands: readonly number[]; stack: boolean };

/** A straight run of instructions, lifted. */
export interface IrBlock {
  rip: bigint;
  /** Instructions in it. */
  count: number;
  statements: Statement[];
  terminator: Terminator;
}
