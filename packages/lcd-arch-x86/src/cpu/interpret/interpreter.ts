import { type PureOperation, pureOperations, type RuntimeOperation, runtimeOperations, type ValueType } from "../ir";
import { StateOffset } from "../state";
import { Status } from "../translate/dispatcher";
import { ByteWriter, type FunctionBody, type FunctionType, Wasm, WasmType } from "../translate/wasm";
import {
  type ControlName,
  controlNames,
  floatNames,
  type InstructionName,
  instructionNumbers,
  instructionWords,
  integerNames,
  pureSignature,
  runtimeNames,
} from "./bytecode";
import { CODE_START } from "./layout";

/**
 * The interpreter of bytecode, in WebAssembly: every operation of the IR is done by the very instruction that translated
 * code has for it, and memory is reached through the same functions.
 */

/** Tells the index of a function by its name. */
type FunctionIndex = (name: string) => number;

const floatFunction = "interpretFloat";

/** Functions of the runtime that the interpreter calls. */
export const calledByInterpreter: readonly string[] = [...runtimeNames, "readAddress", "writeAddress", "miss"];

const interpreterType: FunctionType = { parameters: [WasmType.i32], results: [WasmType.i32] };
const floatType: FunctionType = { parameters: [WasmType.i32, WasmType.i32], results: [WasmType.i32] };

/** Locals: the processor's state, the address of the instruction's first word, a place in linear memory. */
const Local = { cpu: 0, pc: 1, place: 2 } as const;

const WORD = 4;

const typeLoads: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Load,
  i64: Wasm.i64Load,
  f32: Wasm.f32Load,
  f64: Wasm.f64Load,
  v128: Wasm.v128Load,
};
const typeStores: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Store,
  i64: Wasm.i64Store,
  f32: Wasm.f32Store,
  f64: Wasm.f64Store,
  v128: Wasm.v128Store,
};

/** How a size in bytes is loaded, what type that gives, and how it is stored. */
const sizes = {
  1: { load: Wasm.i32Load8U, type: "i32", store: Wasm.i32Store8 },
  2: { load: Wasm.i32Load16U, type: "i32", store: Wasm.i32Store16 },
  4: { load: Wasm.i32Load, type: "i32", store: Wasm.i32Store },
  8: { load: Wasm.i64Load, type: "i64", store: Wasm.i64Store },
  16: { load: Wasm.v128Load, type: "v128", store: Wasm.v128Store },
} as const satisfies Record<number, { load: number; type: ValueType; store: number }>;
type Size = keyof typeof sizes;

/** Writes what instructions do. */
class Writer {
  readonly code = new ByteWriter(16_384);

  constructor(private readonly indexOf: FunctionIndex) {}

  get(local: number): this {
    this.code.byte(Wasm.localGet).u32(local);
    return this;
  }

  set(local: number): this {
    this.code.byte(Wasm.localSet).u32(local);
    return this;
  }

  i32(value: number): this {
    this.code.byte(Wasm.i32Const).s32(value);
    return this;
  }

  op(...opcodes: number[]): this {
    opcodes.forEach((opcode) => this.code.opcode(opcode));
    return this;
  }

  memory(opcode: number, offset = 0): this {
    this.code.opcode(opcode).u32(0).u32(offset);
    return this;
  }

  call(name: string): this {
    this.code.byte(Wasm.call).u32(this.indexOf(name));
    return this;
  }

  /** The instruction's word `number`; 0 is the instruction itself. */
  word(number: number): this {
    return this.get(Local.pc).memory(Wasm.i32Load, number * WORD);
  }

  /** The address of the place that a word names. */
  place(number: number): this {
    return this.get(Local.cpu).word(number).op(Wasm.i32Add);
  }

  /** The value in the place that a word names. */
  operand(number: number, type: ValueType): this {
    return this.place(number).memory(typeLoads[type]);
  }

  /** Stops at the site that a word names. */
  stop(site: number): this {
    return this.get(Local.cpu).word(site).memory(Wasm.i32Store, StateOffset.site).i32(Status.stopped).op(Wasm.return);
  }

  /** Stops at the site that a word names when what is on the stack is not 0. */
  stopIf(site: number): this {
    this.op(Wasm.if).code.byte(WasmType.empty);
    return this.stop(site).op(Wasm.end);
  }

  /** Takes what is on the stack from the instructions left, and stops when they are fewer than none. */
  takeFromLeft(count: () => void, site: number): this {
    this.get(Local.cpu).get(Local.cpu).memory(Wasm.i32Load, StateOffset.left);
    count();
    this.op(Wasm.i32Sub).memory(Wasm.i32Store, StateOffset.left);
    return this.get(Local.cpu).memory(Wasm.i32Load, StateOffset.left).i32(0).op(Wasm.i32LtS).stopIf(site);
  }

  /** Makes the word the next instruction, a distance from the state. */
  jump(target: number): this {
    return this.place(target).set(Local.pc);
  }

  /** Makes the instruction behind this one, of so many words, the next. */
  skip(words: number): this {
    return this.get(Local.pc)
      .i32(words * WORD)
      .op(Wasm.i32Add)
      .set(Local.pc);
  }

  /** Jumps when what is on the stack is not 0, else goes on behind the instruction's three words. */
  jumpIfSo(): this {
    this.op(Wasm.if).code.byte(WasmType.empty);
    this.jump(2).op(Wasm.else).skip(3);
    return this.op(Wasm.end);
  }

  pure(name: PureOperation): void {
    const { parameters, result } = pureSignature(name);
    this.place(1);
    parameters.forEach((type, index) => this.operand(2 + index, type));
    this.op(pureOperations[name][0]).memory(typeStores[result]);
  }

  runtime(name: RuntimeOperation): void {
    const { parameters, result } = runtimeOperations[name];
    this.place(1);
    parameters.forEach((type, index) => this.operand(2 + index, type));
    this.call(name).memory(typeStores[result]);
  }

  move(load: number, store: number): void {
    this.place(1).place(2).memory(load).memory(store);
  }

  load(size: Size): void {
    const { load, type } = sizes[size];
    this.operand(2, "i64").i32(size).word(3).get(Local.cpu).call("readAddress").set(Local.place);
    this.get(Local.place).op(Wasm.i32Eqz).stopIf(4);
    this.place(1).get(Local.place).memory(load).memory(typeStores[type]);
  }

  /** The slow path is given 64 bits; of more it finds the upper half in its place. */
  store(size: Size): void {
    const { type, store } = sizes[size];
    if (size === 16) {
      this.get(Local.cpu)
        .place(2)
        .memory(Wasm.i64Load, 8)
        .memory(Wasm.i64Store, StateOffset.slowValue + 8);
    }
    this.operand(1, "i64").i32(size).get(Local.cpu);
    if (type === "i32") {
      this.operand(2, "i32").op(pureOperations["i64.extend_i32_u"][0]);
    } else {
      this.operand(2, "i64");
    }
    this.call("writeAddress").set(Local.place);
    this.get(Local.place).op(Wasm.i32Eqz).stopIf(3);
    this.get(Local.place).operand(2, type).memory(store);
  }
}

/** What the instructions do that are no operations of the IR; those that set `pc` themselves say so. */
const controls: Readonly<Record<ControlName, { setsPc?: true; write: (w: Writer) => void }>> = {
  enter: { write: (w) => w.takeFromLeft(() => w.word(1), 2) },
  leave: { setsPc: true, write: (w) => w.i32(Status.continue).op(Wasm.return) },
  stop: { setsPc: true, write: (w) => w.stop(1) },
  raiseIf: { write: (w) => w.operand(1, "i32").stopIf(2) },
  jumpIf: { setsPc: true, write: (w) => w.operand(1, "i32").jumpIfSo() },
  jumpUnless: { setsPc: true, write: (w) => w.operand(1, "i32").op(Wasm.i32Eqz).jumpIfSo() },
  again: { setsPc: true, write: (w) => w.takeFromLeft(() => w.i32(1), 1).jump(2) },
  callout: { write: (w) => w.get(Local.cpu).word(1).call("miss").op(Wasm.i32Eqz).stopIf(2) },
  move32: { write: (w) => w.move(Wasm.i32Load, Wasm.i32Store) },
  move64: { write: (w) => w.move(Wasm.i64Load, Wasm.i64Store) },
  move128: { write: (w) => w.move(Wasm.v128Load, Wasm.v128Store) },
  move8: { write: (w) => w.move(Wasm.i32Load8U, Wasm.i32Store8) },
  move16: { write: (w) => w.move(Wasm.i32Load16U, Wasm.i32Store16) },
  widen8U: { write: (w) => w.move(Wasm.i32Load8U, Wasm.i32Store) },
  widen8S: { write: (w) => w.move(Wasm.i32Load8S, Wasm.i32Store) },
  widen16U: { write: (w) => w.move(Wasm.i32Load16U, Wasm.i32Store) },
  widen16S: { write: (w) => w.move(Wasm.i32Load16S, Wasm.i32Store) },
  load1: { write: (w) => w.load(1) },
  load2: { write: (w) => w.load(2) },
  load4: { write: (w) => w.load(4) },
  load8: { write: (w) => w.load(8) },
  load16: { write: (w) => w.load(16) },
  store1: { write: (w) => w.store(1) },
  store2: { write: (w) => w.store(2) },
  store4: { write: (w) => w.store(4) },
  store8: { write: (w) => w.store(8) },
  store16: { write: (w) => w.store(16) },
};

/** One way of a switch over instruction numbers; without a number of words it sets `pc` itself. */
interface Way {
  write(w: Writer): void;
  words: number | null;
}

/**
 * A switch over the number of the instruction at `pc`.
 *
 * @param first number of the first way's instruction; what lies behind the last way goes to the last
 * @param next what follows each way, given how many labels are open around it
 */
function writeSwitch(w: Writer, ways: readonly Way[], first: number, next: (way: Way, depth: number) => void): void {
  ways.forEach(() => w.op(Wasm.block).code.byte(WasmType.empty));
  w.word(0).i32(first).op(Wasm.i32Sub, Wasm.brTable);
  w.code.u32(ways.length - 1);
  ways.forEach((_, label) => w.code.u32(label));
  ways.forEach((way, index) => {
    w.op(Wasm.end);
    way.write(w);
    next(way, ways.length - 1 - index);
  });
}

const wordsOf = (name: InstructionName): number => instructionWords[instructionNumbers.get(name) ?? 0];

const pureWay = (name: PureOperation): Way => ({ write: (w) => w.pure(name), words: wordsOf(name) });

const runtimeWay = (name: RuntimeOperation): Way => ({ write: (w) => w.runtime(name), words: wordsOf(name) });

const controlWay = (name: ControlName): Way => ({
  write: (w) => controls[name].write(w),
  words: controls[name].setsPc ? null : wordsOf(name),
});

/** Has `interpretFloat` do the instruction; it gives the instruction's length. */
const floatWay: Way = {
  write: (w) => w.get(Local.pc).get(Local.cpu).get(Local.pc).call(floatFunction).op(Wasm.i32Add).set(Local.pc),
  words: null,
};

/** The loop. Parameter: the processor's state; gives a Status. */
function interpreterBody(indexOf: FunctionIndex): FunctionBody {
  const w = new Writer(indexOf);
  w.get(Local.cpu).i32(CODE_START).op(Wasm.i32Add).set(Local.pc);
  w.op(Wasm.loop).code.byte(WasmType.empty);
  const ways = [
    ...controlNames.map(controlWay),
    ...integerNames.map(pureWay),
    ...runtimeNames.map(runtimeWay),
    floatWay,
  ];
  writeSwitch(w, ways, 0, ({ words }, depth) => {
    if (words !== null) {
      w.skip(words);
    }
    w.op(Wasm.br).code.u32(depth);
  });
  w.op(Wasm.end, Wasm.unreachable);
  return { name: "interpret", type: interpreterType, locals: [[2, WasmType.i32]], code: w.code };
}

/** Operations on floats and vectors are a function of their own, which engines do not compile before it is called. */
function floatBody(indexOf: FunctionIndex): FunctionBody {
  const w = new Writer(indexOf);
  const first = controlNames.length + integerNames.length + runtimeNames.length;
  writeSwitch(w, floatNames.map(pureWay), first, ({ words }) => w.i32((words ?? 0) * WORD).op(Wasm.return));
  return { name: floatFunction, type: floatType, locals: [], code: w.code };
}

/**
 * The interpreter's functions: the loop, and what it calls for floats and vectors.
 *
 * @param floatIndex index of the second
 * @param indexOf tells the indexes of the functions in `calledByInterpreter`
 */
export function interpreterBodies(
  floatIndex: number,
  indexOf: FunctionIndex,
): [loop: FunctionBody, float: FunctionBody] {
  const all: FunctionIndex = (name) => (name === floatFunction ? floatIndex : indexOf(name));
  return [interpreterBody(all), floatBody(all)];
}
