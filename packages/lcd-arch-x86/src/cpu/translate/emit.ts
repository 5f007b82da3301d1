import {
  hasLanes,
  pureOperations,
  Register,
  type RuntimeOperation,
  SCALAR_REGISTERS,
  type Statement,
  type Value,
  type ValueType,
} from "../ir";
import { OPERAND_SIZE, StateOffset } from "../state";
import { MemoryEmitter } from "./emit-memory";
import { calloutRequest } from "./memory-lookup";
import { PlainArithmeticEmitter } from "./plain-arithmetic";
import { NEEDS_LOCAL } from "./schedule";
import type { SpanAccesses } from "./spans";
import { ByteWriter, Wasm, WasmType } from "./wasm";

/** Functions of `runtime.ts` that statements call; values call those of `ir.ts`. */
type MemoryFunction = "readAddress" | "writeAddress" | "readRange" | "writeRange" | "miss";

/** Where in a function's locals things are. The parameter is the address of the processor's state. */
export const Local = {
  cpu: 0,
  /** Virtual registers 0 to 17 are i64, 18 and 19 i32. */
  registers: 1,
  left: 1 + SCALAR_REGISTERS,
  site: 2 + SCALAR_REGISTERS,
  entry: 3 + SCALAR_REGISTERS,
  value32: 4 + SCALAR_REGISTERS,
  rip: 5 + SCALAR_REGISTERS,
  address: 6 + SCALAR_REGISTERS,
  value64: 7 + SCALAR_REGISTERS,
  /** The XMM registers, and one v128 more; only in functions that use them. */
  vectors: 8 + SCALAR_REGISTERS,
} as const;

const VECTOR_LOCALS = 17;
/** The v128 more. */
export const VALUE_128 = Local.vectors + 16;

/** The locals that every function has, as a module declares them. */
const fixedLocals: readonly (readonly [number, number])[] = [
  [Register.flagOp, WasmType.i64],
  [SCALAR_REGISTERS - Register.flagOp, WasmType.i32],
  [4, WasmType.i32],
  [3, WasmType.i64],
];

/** Loads and stores of state fields by type. */
const fieldLoads: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Load,
  i64: Wasm.i64Load,
  f32: Wasm.f32Load,
  f64: Wasm.f64Load,
  v128: Wasm.v128Load,
};
const fieldStores: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Store,
  i64: Wasm.i64Store,
  f32: Wasm.f32Store,
  f64: Wasm.f64Store,
  v128: Wasm.v128Store,
};

type Guarded = Extract<Statement, { kind: "guarded" }>;

/** A label of structured control flow, for branches to name. */
export type Label = object;

/** Writes one function's code: values, statements, and the bookkeeping of labels and temporaries. */
export class FunctionEmitter {
  readonly code = new ByteWriter(1024);
  private readonly labels: Label[] = [];
  private readonly calls: { at: number; name: string }[] = [];
  private readonly temporaries: number[] = [];
  private readonly pool: Record<ValueType, { locals: number[]; used: number }> = {
    i32: { locals: [], used: 0 },
    i64: { locals: [], used: 0 },
    f32: { locals: [], used: 0 },
    f64: { locals: [], used: 0 },
    v128: { locals: [], used: 0 },
  };
  private vectors = 0;
  /** Instructions that have to be left after each repetition: those that may run before anything looks again. */
  reserve = 0;
  /** Places in the code of branches that are hardly ever taken. */
  readonly unlikely: number[] = [];
  readonly plainArithmetic = new PlainArithmeticEmitter(this);
  private readonly accesses: MemoryEmitter;

  /**
   * @param inline look memory up in place, instead of calling the runtime at once: for hot code
   * @param stop label at which code stops, at the site in the local `site`
   * @param cpu where the state is of the only processor that the code is for; null: any
   */
  constructor(
    inline: boolean,
    readonly stop: Label,
    private readonly cpu: number | null,
  ) {
    this.accesses = new MemoryEmitter(this, inline);
  }

  /** To be called first: whether the function has the XMM registers as locals. */
  declareVectors(used: boolean): void {
    this.vectors = used ? VECTOR_LOCALS : 0;
  }

  /** The locals, as a module declares them. */
  get locals(): (readonly [number, number])[] {
    const vectors = this.vectors === 0 ? [] : [[this.vectors, WasmType.v128] as const];
    return [...fixedLocals, ...vectors, ...this.temporaries.map((type) => [1, type] as const)];
  }

  getRegister(register: number): void {
    this.get(localOf(register));
  }

  setRegister(register: number): void {
    this.set(localOf(register));
  }

  open(opcode: number, label: Label, type: number = WasmType.empty): void {
    this.labels.push(label);
    this.code.byte(opcode).byte(type);
  }

  /** Opens an `if` that is hardly ever entered. */
  openUnlikely(type: number = WasmType.empty): void {
    this.unlikely.push(this.code.length);
    this.open(Wasm.if, {}, type);
  }

  /** Branches to the label when what is on the stack is not 0, which it hardly ever is. */
  branchUnlikely(label: Label): void {
    this.unlikely.push(this.code.length);
    this.branch(label, Wasm.brIf);
  }

  /** Stops at a site when what is on the stack is not 0, which it hardly ever is. */
  stopIf(site: number): void {
    this.openUnlikely();
    this.setSite(site);
    this.branch(this.stop);
    this.close();
  }

  close(): void {
    this.labels.pop();
    this.code.byte(Wasm.end);
  }

  branch(label: Label, opcode: number = Wasm.br): void {
    const at = this.labels.lastIndexOf(label);
    this.code.byte(opcode).u32(this.labels.length - 1 - at);
  }

  /** The address of the processor's state is a constant where it can be: V8 then adds no registers to get at a field. */
  get(local: number): void {
    if (local === Local.cpu && this.cpu !== null) {
      this.i32(this.cpu);
      return;
    }
    this.code.byte(Wasm.localGet).u32(local);
  }

  set(local: number): void {
    this.code.byte(Wasm.localSet).u32(local);
  }

  tee(local: number): void {
    this.code.byte(Wasm.localTee).u32(local);
  }

  i32(value: number): void {
    this.code.byte(Wasm.i32Const).s32(value);
  }

  i64(value: bigint): void {
    this.code.byte(Wasm.i64Const).s64(value);
  }

  /** A load or store at the address on the stack plus `offset`. Alignment is a hint only: none is promised. */
  memory(opcode: number, offset: number): void {
    this.code.opcode(opcode).u32(0).u32(offset);
  }

  /** Calls a runtime function; which index it has is known when all that are called are. */
  call(name: RuntimeOperation | MemoryFunction): void {
    this.code.byte(Wasm.call);
    this.calls.push({ at: this.code.length, name });
    this.code.byte(0);
  }

  /** Runtime functions that the code calls. */
  get called(): string[] {
    return [...new Set(this.calls.map(({ name }) => name))];
  }

  /** Puts the indexes of called functions, below 128, in their places. */
  resolveCalls(indexOf: (name: string) => number): void {
    for (const { at, name } of this.calls) {
      this.code.patch(at, indexOf(name));
    }
  }

  /** Starts a block with its spans: its values live in temporaries that other blocks' values may have used. */
  beginBlock(spans: SpanAccesses): void {
    this.accesses.beginBlock(spans);
    this.plainArithmetic.beginBlock();
    for (const pool of Object.values(this.pool)) {
      pool.used = 0;
    }
  }

  setSite(site: number): void {
    this.i32(site);
    this.set(Local.site);
  }

  statements(list: readonly Statement[]): void {
    for (const statement of list) {
      this.statement(statement);
    }
  }

  /** Puts a value on the stack. */
  value(value: Value): void {
    if (value.local >= 0) {
      this.get(value.local);
      return;
    }
    switch (value.kind) {
      case "const":
        this.constant(value);
        break;
      case "register":
        this.getRegister(Number(value.immediate));
        break;
      case "field":
        this.get(Local.cpu);
        this.memory(fieldLoads[value.type], Number(value.immediate));
        break;
      case "pure":
        value.operands.forEach((operand) => this.value(operand));
        this.pureOpcode(value);
        break;
      case "runtime":
        value.operands.forEach((operand) => this.value(operand));
        this.call(value.operation as RuntimeOperation);
        break;
      case "load":
      case "guarded":
        throw new Error(`a value of kind ${value.kind} is emitted as a statement`);
    }
  }

  private pureOpcode(value: Value): void {
    const operation = value.operation as keyof typeof pureOperations;
    this.code.opcode(pureOperations[operation][0]);
    if (operation === "i8x16.shuffle") {
      this.bytes128(BigInt(value.immediate));
    } else if (hasLanes(operation)) {
      this.code.byte(Number(value.immediate));
    }
  }

  private constant({ type, immediate }: Value): void {
    switch (type) {
      case "i32":
        this.i32(Number(immediate));
        break;
      case "i64":
        this.i64(BigInt(immediate));
        break;
      case "v128":
        this.vector(BigInt(immediate));
        break;
      default:
        throw new RangeError(`constants of type ${type} are reinterpreted integers`);
    }
  }

  vector(bits: bigint): void {
    this.code.opcode(Wasm.v128Const);
    this.bytes128(bits);
  }

  private bytes128(value: bigint): void {
    for (let rest = value, byte = 0; byte < 16; byte++, rest >>= 8n) {
      this.code.byte(Number(rest & 0xffn));
    }
  }

  /** A local for the rest of the block. */
  temporary(type: ValueType): number {
    const pool = this.pool[type];
    if (pool.used === pool.locals.length) {
      pool.locals.push(this.newLocal(type));
    }
    return pool.locals[pool.used++];
  }

  /** A local for the rest of the function. */
  newLocal(type: ValueType): number {
    return Local.vectors + this.vectors + this.temporaries.push(WasmType[type]) - 1;
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case "define":
        if (statement.value.uses > 0 && statement.value.local === NEEDS_LOCAL) {
          this.value(statement.value);
          this.keep(statement.value);
        }
        break;
      case "set":
        if (!statement.dead) {
          this.value(statement.value);
          this.setRegister(statement.register);
        }
        break;
      case "load":
        this.accesses.load(statement);
        break;
      case "store":
        this.accesses.store(statement);
        break;
      case "raiseIf":
        this.value(statement.condition);
        this.stopIf(statement.site);
        break;
      case "setField":
        this.get(Local.cpu);
        this.value(statement.value);
        this.memory(fieldStores[statement.value.type], statement.offset);
        if (statement.offset === StateOffset.mxcsr) {
          this.plainArithmetic.mxcsrMayBeSet();
        }
        break;
      case "callout":
        this.callout(statement.number, statement.site);
        this.plainArithmetic.mxcsrMayBeSet();
        break;
      case "guarded":
        this.guarded(statement);
        break;
      case "repeat":
        this.repeat(statement.body, statement.site);
        break;
      case "exitIf":
        this.value(statement.condition);
        this.branch(this.repeatDone[this.repeatDone.length - 1], Wasm.brIf);
        break;
    }
  }

  private callout(number: number, site: number): void {
    this.get(Local.cpu);
    this.i32(calloutRequest(number));
    this.call("miss");
    this.code.byte(Wasm.i32Eqz);
    this.stopIf(site);
  }

  private guarded(statement: Guarded): void {
    const { value, condition, fast, plain } = statement;
    if (plain !== null) {
      this.plainArithmetic.guarded(statement, plain, () => this.callOutFor(statement));
      return;
    }
    this.value(condition);
    this.openUnlikely(WasmType[value.type]);
    this.callOutFor(statement);
    this.code.byte(Wasm.else);
    this.value(fast);
    this.close();
    this.keep(value);
  }

  /** Leaves on the stack what a guard's callout returns. Values that are evaluated in place are so in the branch that uses them. */
  private callOutFor({ value, operands, number, site }: Guarded): void {
    for (const [index, operand] of operands.entries()) {
      this.get(Local.cpu);
      this.value(operand);
      this.memory(fieldStores[operand.type], StateOffset.operand + index * OPERAND_SIZE);
    }
    this.callout(number, site);
    this.get(Local.cpu);
    this.memory(fieldLoads[value.type], StateOffset.operand);
  }

  private readonly repeatDone: Label[] = [];

  /** The body, until it leaves by itself; each further repetition counts as an instruction. */
  private repeat(body: readonly Statement[], site: number): void {
    const done: Label = {};
    const again: Label = {};
    this.repeatDone.push(done);
    this.open(Wasm.block, done);
    this.open(Wasm.loop, again);
    this.statements(body);
    this.takeFromLeft(1);
    this.stopIfLeftBelow(this.reserve, site);
    this.branch(again);
    this.close();
    this.close();
    this.repeatDone.pop();
  }

  /** Takes `count` from the instructions left. */
  takeFromLeft(count: number): void {
    this.get(Local.left);
    this.i32(count);
    this.code.byte(Wasm.i32Sub);
    this.set(Local.left);
  }

  /** Stops at the site when fewer than `least` instructions are left. */
  stopIfLeftBelow(least: number, site: number): void {
    this.get(Local.left);
    this.i32(least);
    this.code.byte(Wasm.i32LtS);
    this.stopIf(site);
  }

  /** Keeps what is on the stack as a value that others use. */
  keep(value: Value): void {
    value.local = this.temporary(value.type);
    this.set(value.local);
  }
}

/** The local that holds a virtual register. */
const localOf = (register: number): number =>
  register < SCALAR_REGISTERS ? Local.registers + register : Local.vectors + register - SCALAR_REGISTERS;
