import { hasLanes, type IrBlock, type Statement, Value, type ValueType } from "../ir";
import type { LaneOperation } from "../ir-vector";
import { registerOffset } from "../register-offset";
import { OPERAND_SIZE, StateOffset } from "../state";
import { calloutRequest } from "../translate/memory-lookup";
import { type ControlName, type InstructionName, instructionNumbers, instructionWords } from "./bytecode";
import { CODE_START, CODE_WORDS, VALUES_END, VALUES_START } from "./layout";

/** A block as the interpreter runs it: its instructions, and the constants that they use. */
export interface Bytecode {
  code: Int32Array;
  constants: BigInt64Array;
}

/** The block has more instructions or values than the interpreter has room for. */
class TooLarge extends Error {}

const CONSTANT_SIZE = 8;
const MAX_CONSTANTS = (VALUES_END - VALUES_START) / CONSTANT_SIZE;

/** Words of a conditional jump. */
const JUMP_WORDS = 3;

/** The longest instruction has its number and five operands. */
const MOST_WORDS = 6;

const moves: Readonly<Record<ValueType, "move32" | "move64" | "move128">> = {
  i32: "move32",
  i64: "move64",
  f32: "move32",
  f64: "move64",
  v128: "move128",
};

const loads: Readonly<Record<number, ControlName>> = { 1: "load1", 2: "load2", 4: "load4", 8: "load8", 16: "load16" };
const stores: Readonly<Record<number, ControlName>> = {
  1: "store1",
  2: "store2",
  4: "store4",
  8: "store8",
  16: "store16",
};

/** What reading and replacing a lane comes to, and how many bytes it has. */
const lanes: Readonly<
  Record<Exclude<LaneOperation, "i8x16.shuffle">, readonly [move: InstructionName, bytes: number]>
> = {
  "i8x16.extract_lane_s": ["widen8S", 1],
  "i8x16.extract_lane_u": ["widen8U", 1],
  "i8x16.replace_lane": ["move8", 1],
  "i16x8.extract_lane_s": ["widen16S", 2],
  "i16x8.extract_lane_u": ["widen16U", 2],
  "i16x8.replace_lane": ["move16", 2],
  "i32x4.extract_lane": ["move32", 4],
  "i32x4.replace_lane": ["move32", 4],
  "i64x2.extract_lane": ["move64", 8],
  "i64x2.replace_lane": ["move64", 8],
  "f32x4.extract_lane": ["move32", 4],
  "f32x4.replace_lane": ["move32", 4],
  "f64x2.extract_lane": ["move64", 8],
  "f64x2.replace_lane": ["move64", 8],
};

/**
 * Turns blocks into bytecode. A value is computed where it is defined, and its place is kept in its `local`: such a
 * block must not be translated as well.
 */
export class Encoder {
  private readonly code = new Int32Array(CODE_WORDS);
  private readonly constants = new BigInt64Array(MAX_CONSTANTS);
  private length = 0;
  private constantCount = 0;
  /** Where the values begin that have places. */
  private values = VALUES_END;
  /** Jumps out of the repetitions around: words that name where to. */
  private exits: number[] = [];

  /** Null when the block is too large. @param limitSite where it stops when not all of it may run */
  encode(block: IrBlock, limitSite: number): Bytecode | null {
    this.length = 0;
    this.constantCount = 0;
    this.values = VALUES_END;
    try {
      this.put("enter", block.count, limitSite);
      this.statements(block.statements);
      this.end(block);
    } catch (error) {
      if (error instanceof TooLarge) {
        return null;
      }
      throw error;
    }
    return { code: this.code.slice(0, this.length), constants: this.constants.slice(0, this.constantCount) };
  }

  /** Adds an instruction, which has as many of the operands as its name says. */
  private put(name: InstructionName, a = 0, b = 0, c = 0, d = 0, e = 0): void {
    const { code, length } = this;
    if (length + MOST_WORDS > CODE_WORDS) {
      throw new TooLarge();
    }
    const number = instructionNumbers.get(name) ?? unknown(name);
    code[length] = number;
    code[length + 1] = a;
    code[length + 2] = b;
    code[length + 3] = c;
    code[length + 4] = d;
    code[length + 5] = e;
    this.length += instructionWords[number];
  }

  /** The place of what comes next in the code. */
  private get here(): number {
    return CODE_START + this.length * 4;
  }

  /** A new place for a value. */
  private allot(type: ValueType): number {
    this.values -= type === "v128" ? 16 : 8;
    if (this.values < VALUES_START + this.constantCount * CONSTANT_SIZE) {
      throw new TooLarge();
    }
    return this.values;
  }

  private constant(bits: bigint): number {
    if (VALUES_START + (this.constantCount + 1) * CONSTANT_SIZE > this.values) {
      throw new TooLarge();
    }
    this.constants[this.constantCount] = bits;
    return VALUES_START + this.constantCount++ * CONSTANT_SIZE;
  }

  private constant128(bits: bigint): number {
    const place = this.constant(bits);
    this.constant(bits >> 64n);
    return place;
  }

  /** The place of a value that has been defined, or of a constant. */
  private place(value: Value): number {
    if (value.kind === "const" && value.local < 0) {
      const bits = BigInt(value.immediate);
      value.local = value.type === "v128" ? this.constant128(bits) : this.constant(bits);
    }
    return value.local;
  }

  private statements(list: readonly Statement[]): void {
    for (const statement of list) {
      this.statement(statement);
    }
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case "define":
        this.define(statement.value);
        break;
      case "set":
        this.move(registerOffset(statement.register), statement.value);
        break;
      case "setField":
        this.move(statement.offset, statement.value);
        break;
      case "load": {
        const { value, site } = statement;
        const address = this.place(value.operands[0]);
        value.local = this.allot(value.type);
        if (value.type === "v128" && value.size < 16) {
          this.move(value.local, zero());
        }
        this.put(loads[value.size], value.local, address, value.forWrite ? 1 : 0, site);
        break;
      }
      case "store": {
        const { address, value, size, site } = statement;
        this.put(stores[size], this.place(address), this.place(value), site);
        break;
      }
      case "raiseIf":
        this.put("raiseIf", this.place(statement.condition), statement.site);
        break;
      case "callout":
        this.put("callout", calloutRequest(statement.number), statement.site);
        break;
      case "guarded":
        this.guarded(statement);
        break;
      case "repeat":
        this.repeat(statement.body, statement.site);
        break;
      case "exitIf":
        this.put("jumpIf", this.place(statement.condition), 0);
        this.exits.push(this.length - 1);
        break;
    }
  }

  private move(to: number, value: Value): void {
    this.put(moves[value.type], to, this.place(value));
  }

  private define(value: Value): void {
    const { kind, type, operation, operands, immediate } = value;
    if (kind === "pure" && hasLanes(operation)) {
      value.local = operation === "i8x16.shuffle" ? this.shuffle(value) : this.lane(value, operation);
      return;
    }
    value.local = this.allot(type);
    switch (kind) {
      case "register":
        this.put(moves[type], value.local, registerOffset(Number(immediate)));
        break;
      case "field":
        this.put(moves[type], value.local, Number(immediate));
        break;
      default:
        this.put(
          operation as InstructionName,
          value.local,
          this.place(operands[0]),
          operands.length > 1 ? this.place(operands[1]) : 0,
          operands.length > 2 ? this.place(operands[2]) : 0,
          operands.length > 3 ? this.place(operands[3]) : 0,
        );
    }
  }

  private lane({ type, operands, immediate }: Value, operation: Exclude<LaneOperation, "i8x16.shuffle">): number {
    const [move, bytes] = lanes[operation];
    const distance = Number(immediate) * bytes;
    const to = this.allot(type);
    if (type === "v128") {
      this.put("move128", to, this.place(operands[0]));
      this.put(move, to + distance, this.place(operands[1]));
    } else {
      this.put(move, to, this.place(operands[0]) + distance);
    }
    return to;
  }

  /** A swizzle gives 0 for numbers above 15, so those of the other vector are made to be such. */
  private shuffle({ operands, immediate }: Value): number {
    const [first, second] = [this.allot("v128"), this.allot("v128")];
    const numbers = BigInt(immediate);
    this.put("i8x16.swizzle", first, this.place(operands[0]), this.constant128(numbers));
    this.put("i8x16.swizzle", second, this.place(operands[1]), this.constant128(numbers ^ LANES_OF_SECOND));
    const to = this.allot("v128");
    this.put("v128.or", to, first, second);
    return to;
  }

  private guarded(statement: Extract<Statement, { kind: "guarded" }>): void {
    const { value, condition, fast, operands, plain, number, site } = statement;
    value.local = this.allot(value.type);
    this.move(value.local, fast);
    if (plain !== null) {
      this.put("jumpIf", this.place(plain.roundsOtherwise), this.here + JUMP_WORDS * 2 * 4);
    }
    this.put("jumpUnless", this.place(condition), 0);
    const over = this.length - 1;
    operands.forEach((operand, index) => this.move(StateOffset.operand + index * OPERAND_SIZE, operand));
    this.put("callout", calloutRequest(number), site);
    this.put(moves[value.type], value.local, StateOffset.operand);
    this.code[over] = this.here;
  }

  private repeat(body: readonly Statement[], site: number): void {
    const outer = this.exits;
    this.exits = [];
    const start = this.here;
    this.statements(body);
    this.put("again", site, start);
    for (const exit of this.exits) {
      this.code[exit] = this.here;
    }
    this.exits = outer;
  }

  private end({ terminator }: IrBlock): void {
    switch (terminator.kind) {
      case "jump":
        this.goTo(terminator.target);
        break;
      case "branch": {
        this.put("jumpUnless", this.place(terminator.condition), 0);
        const next = this.length - 1;
        this.goTo(terminator.taken);
        this.code[next] = this.here;
        this.goTo(terminator.next);
        break;
      }
      case "indirect":
        this.put("move64", StateOffset.rip, this.place(terminator.target));
        this.put("leave");
        break;
      case "stop":
        this.put("stop", terminator.site);
        break;
    }
  }

  private goTo(target: bigint): void {
    this.put("move64", StateOffset.rip, this.constant(target));
    this.put("leave");
  }
}

/** What is above the bytes of a vector that is loaded in part. */
const zero = (): Value => new Value("const", "v128", "", [], 0n);

/** Bit 4 of each byte of a vector of lane numbers: it tells lanes of the first operand from those of the second. */
const LANES_OF_SECOND = 0x10101010_10101010_10101010_10101010n;

function unknown(name: string): never {
  throw new RangeError(`the interpreter has no instruction ${name}`);
}
