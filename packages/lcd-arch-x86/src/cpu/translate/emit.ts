import {
  pureOperations,
  REGISTER_COUNT,
  Register,
  type RuntimeOperation,
  type Statement,
  type Value,
  type ValueType,
} from "../ir";
import { NEEDS_LOCAL } from "./schedule";
import { TLB_MASK, TLB_SHIFT, TlbEntry } from "./tlb-layout";
import { ByteWriter, Wasm, WasmType } from "./wasm";

/** Functions of `runtime.ts` that statements call; values call those of `ir.ts`. */
type MemoryFunction = "readAddress" | "writeAddress" | "readMiss" | "modifyMiss" | "writeMiss";

/** Where in a function's locals things are. The parameter is the address of the processor's state. */
export const Local = {
  cpu: 0,
  /** Virtual registers 0 to 17 are i64, 18 and 19 i32. */
  registers: 1,
  left: 1 + REGISTER_COUNT,
  site: 2 + REGISTER_COUNT,
  tlb: 3 + REGISTER_COUNT,
  entry: 4 + REGISTER_COUNT,
  value32: 5 + REGISTER_COUNT,
  rip: 6 + REGISTER_COUNT,
  address: 7 + REGISTER_COUNT,
  value64: 8 + REGISTER_COUNT,
  temporaries: 9 + REGISTER_COUNT,
} as const;

/** The locals before the temporaries, as a module declares them. */
export const fixedLocals: readonly (readonly [number, number])[] = [
  [Register.flagOp, WasmType.i64],
  [REGISTER_COUNT - Register.flagOp, WasmType.i32],
  [5, WasmType.i32],
  [3, WasmType.i64],
];

const loadOpcodes: Readonly<Record<number, number>> = {
  1: Wasm.i32Load8U,
  2: Wasm.i32Load16U,
  4: Wasm.i32Load,
  8: Wasm.i64Load,
};

const storeOpcodes: Readonly<Record<number, number>> = {
  1: Wasm.i32Store8,
  2: Wasm.i32Store16,
  4: Wasm.i32Store,
  8: Wasm.i64Store,
};

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
  };

  /**
   * @param inline look the TLB up in place instead of calling the runtime: for hot code
   * @param stop label at which code stops, at the site in the local `site`
   */
  constructor(
    private readonly inline: boolean,
    readonly stop: Label,
  ) {}

  /** Types of the temporaries, in order, as a module declares them. */
  get temporaryLocals(): readonly (readonly [number, number])[] {
    return this.temporaries.map((type) => [1, type] as const);
  }

  open(opcode: number, label: Label, type: number = WasmType.empty): void {
    this.labels.push(label);
    this.code.byte(opcode).byte(type);
  }

  close(): void {
    this.labels.pop();
    this.code.byte(Wasm.end);
  }

  branch(label: Label, opcode: number = Wasm.br): void {
    const at = this.labels.lastIndexOf(label);
    this.code.byte(opcode).u32(this.labels.length - 1 - at);
  }

  get(local: number): void {
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
    this.code.byte(opcode).u32(0).u32(offset);
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

  /** Starts a block: its values live in temporaries that other blocks' values may have used. */
  beginBlock(): void {
    this.pool.i32.used = 0;
    this.pool.i64.used = 0;
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
        if (value.type === "i64") {
          this.i64(BigInt(value.immediate));
        } else {
          this.i32(Number(value.immediate));
        }
        break;
      case "register":
        this.get(Local.registers + Number(value.immediate));
        break;
      case "field":
        this.get(Local.cpu);
        this.memory(value.type === "i64" ? Wasm.i64Load : Wasm.i32Load, Number(value.immediate));
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
        throw new Error("a load is emitted as a statement");
    }
  }

  private pureOpcode(value: Value): void {
    this.code.byte(pureOperations[value.operation as keyof typeof pureOperations][0]);
  }

  private temporary(type: ValueType): number {
    const pool = this.pool[type];
    if (pool.used === pool.locals.length) {
      pool.locals.push(Local.temporaries + this.temporaries.length);
      this.temporaries.push(WasmType[type]);
    }
    return pool.locals[pool.used++];
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
          this.set(Local.registers + statement.register);
        }
        break;
      case "load":
        this.load(statement.value, statement.site);
        break;
      case "store":
        this.store(statement);
        break;
      case "raiseIf":
        this.setSite(statement.site);
        this.value(statement.condition);
        this.branch(this.stop, Wasm.brIf);
        break;
      case "setField":
        this.get(Local.cpu);
        this.value(statement.value);
        this.memory(statement.value.type === "i64" ? Wasm.i64Store : Wasm.i32Store, statement.offset);
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

  private readonly repeatDone: Label[] = [];

  /** The body, until it leaves by itself; each further repetition counts as an instruction. */
  private repeat(body: readonly Statement[], site: number): void {
    const done: Label = {};
    const again: Label = {};
    this.repeatDone.push(done);
    this.open(Wasm.block, done);
    this.open(Wasm.loop, again);
    this.statements(body);
    this.setSite(site);
    this.countDown(1);
    this.branch(this.stop, Wasm.brIf);
    this.branch(again);
    this.close();
    this.close();
    this.repeatDone.pop();
  }

  /** Takes `count` from the instructions left, and leaves on the stack whether fewer were left. */
  countDown(count: number): void {
    this.get(Local.left);
    this.i32(count);
    this.code.byte(Wasm.i32Sub);
    this.tee(Local.left);
    this.i32(0);
    this.code.byte(Wasm.i32LtS);
  }

  private keep(value: Value): void {
    value.local = this.temporary(value.type);
    this.set(value.local);
  }

  private load(value: Value, site: number): void {
    this.value(value.operands[0]);
    this.setSite(site);
    if (this.inline) {
      this.set(Local.address);
      this.lookUp(value.size, value.forWrite ? TlbEntry.writeTag : TlbEntry.readTag, () =>
        this.call(value.forWrite ? "modifyMiss" : "readMiss"),
      );
    } else {
      this.i32(value.size);
      this.i32(value.forWrite ? 1 : 0);
      this.get(Local.cpu);
      this.call("readAddress");
      this.stopUnlessAddress();
    }
    this.memory(loadOpcodes[value.size], 0);
    this.keep(value);
  }

  private store({ address, value, size, site }: Extract<Statement, { kind: "store" }>): void {
    const direct = value.kind === "const" || value.local >= 0 || value.kind === "register";
    const scratch = value.type === "i64" ? Local.value64 : Local.value32;
    const pushValue = (): void => (direct ? this.value(value) : this.get(scratch));
    if (!direct) {
      this.value(value);
      this.set(scratch);
    }
    const pushWide = (): void => {
      pushValue();
      if (value.type === "i32") {
        this.code.byte(pureOperations["i64.extend_i32_u"][0]);
      }
    };
    this.value(address);
    this.setSite(site);
    if (this.inline) {
      this.set(Local.address);
      this.lookUp(size, TlbEntry.writeTag, () => {
        pushWide();
        this.call("writeMiss");
      });
    } else {
      this.i32(size);
      this.get(Local.cpu);
      pushWide();
      this.call("writeAddress");
      this.stopUnlessAddress();
    }
    pushValue();
    this.memory(storeOpcodes[size], 0);
  }

  /** Stops when the address on the stack is 0; else leaves it there. */
  private stopUnlessAddress(): void {
    this.tee(Local.entry);
    this.code.byte(Wasm.i32Eqz);
    this.branch(this.stop, Wasm.brIf);
    this.get(Local.entry);
  }

  /** Turns the linear address in `Local.address` into a place in linear memory, on the stack. */
  private lookUp(size: number, tag: number, miss: () => void): void {
    this.get(Local.address);
    this.i64(BigInt(TLB_SHIFT));
    this.code.byte(Wasm.i64ShrU).byte(Wasm.i32WrapI64);
    this.i32(TLB_MASK);
    this.code.byte(Wasm.i32And);
    this.get(Local.tlb);
    this.code.byte(Wasm.i32Add);
    this.set(Local.entry);
    // One comparison covers both: the page is the entry's, and the access ends inside it.
    this.get(Local.address);
    this.get(Local.entry);
    this.memory(Wasm.i64Load, tag);
    this.code.byte(Wasm.i64Sub);
    this.i64(BigInt(4096 - size));
    this.code.byte(Wasm.i64GtU);
    this.open(Wasm.if, {}, WasmType.i32);
    this.get(Local.address);
    this.i32(size);
    this.get(Local.cpu);
    miss();
    this.stopUnlessAddress();
    this.code.byte(Wasm.else);
    this.get(Local.entry);
    this.memory(Wasm.i32Load, TlbEntry.addend);
    this.get(Local.address);
    this.code.byte(Wasm.i32WrapI64).byte(Wasm.i32Add);
    this.close();
  }
}
