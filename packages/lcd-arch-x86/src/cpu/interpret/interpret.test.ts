import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasLanes, type PureOperation, pureOperations, Value, type ValueType } from "../ir";
import { BlockBuilder } from "../lift/builder";
import { PROCESSOR_AREA } from "../processor";
import { CpuState, StateOffset } from "../state";
import { Status } from "../translate/dispatcher";
import { createRuntime, regionType } from "../translate/runtime";
import { ByteWriter, encodeModule, Wasm } from "../translate/wasm";
import { pureSignature } from "./bytecode";
import { type Bytecode, Encoder } from "./encode";
import { Interpreter } from "./index";

const CPU = 4096;
const memory = new WebAssembly.Memory({ initial: Math.ceil((CPU + PROCESSOR_AREA) / 65_536) });
const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
const miss = (): number => 0;
const interpreter = new Interpreter(memory.buffer, createRuntime(memory, table, miss));
const state = new CpuState(memory.buffer, CPU);
const bytes = new Uint8Array(memory.buffer);

/** Where operands are read and the result is written: XMM registers, which are only memory here. */
const operandPlace = (index: number): number => StateOffset.xmm + 16 * index;
const RESULT = operandPlace(4);

const loads: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Load,
  i64: Wasm.i64Load,
  f32: Wasm.f32Load,
  f64: Wasm.f64Load,
  v128: Wasm.v128Load,
};
const stores: Readonly<Record<ValueType, number>> = {
  i32: Wasm.i32Store,
  i64: Wasm.i64Store,
  f32: Wasm.f32Store,
  f64: Wasm.f64Store,
  v128: Wasm.v128Store,
};

const builder = (): BlockBuilder => new BlockBuilder([], { mode: 0, base: 0, limit: 0 });

function encode(build: (b: BlockBuilder) => void): Bytecode {
  const block = builder();
  build(block);
  const bytecode = new Encoder().encode(block.finish(0n, 1, 0n), 0);
  if (bytecode === null) {
    throw new Error("the block is too large");
  }
  return bytecode;
}

interface Case {
  name: PureOperation;
  parameters: readonly ValueType[];
  immediate: number | bigint;
}

/** The operation by its own WebAssembly instruction, from the operands' places to the result's. */
function asWebAssembly({ name, parameters, immediate }: Case): (cpu: number) => number {
  const code = new ByteWriter();
  const result = pureOperations[name][1];
  code.byte(Wasm.localGet).u32(0);
  parameters.forEach((type, index) => {
    code.byte(Wasm.localGet).u32(0).opcode(loads[type]).u32(0).u32(operandPlace(index));
  });
  code.opcode(pureOperations[name][0]);
  if (typeof immediate === "bigint") {
    for (let byte = 0n; byte < 16n; byte++) {
      code.byte(Number((immediate >> (8n * byte)) & 0xffn));
    }
  } else if (hasLanes(name)) {
    code.byte(immediate);
  }
  code.opcode(stores[result]).u32(0).u32(RESULT).byte(Wasm.i32Const).s32(0);
  const body = { name: "f", type: regionType, locals: [], code };
  const module = encodeModule({ imports: [], functions: [body], exported: 1 });
  return new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } }).exports.f as (
    cpu: number,
  ) => number;
}

const asBytecode = ({ name, parameters, immediate }: Case): Bytecode =>
  encode((b) => {
    const operands = parameters.map((type, index) => field(b, type, operandPlace(index)));
    const value = new Value("pure", pureOperations[name][1], name, operands, immediate);
    b.statements.push({ kind: "define", value, position: 0 });
    b.setField64(RESULT, value);
  });

function field(b: BlockBuilder, type: ValueType, offset: number): Value {
  const value = new Value("field", type, "", [], offset);
  b.statements.push({ kind: "define", value, position: 0 });
  return value;
}

const scalarOf = (shape: string): ValueType => {
  const scalars: Readonly<Record<string, ValueType>> = { i64x2: "i64", f32x4: "f32", f64x2: "f64" };
  return scalars[shape] ?? "i32";
};

/** Every operation, with every lane that it may name. */
const cases: Case[] = (Object.keys(pureOperations) as PureOperation[]).flatMap((name): Case[] => {
  if (name === "i8x16.shuffle") {
    return [
      { name, parameters: ["v128", "v128"], immediate: 0x1f_00_1e_01_1d_02_1c_03_1b_04_1a_05_10_0f_15_0an },
      { name, parameters: ["v128", "v128"], immediate: 0x0f_0e_0d_0c_0b_0a_09_08_07_06_05_04_03_02_01_00n },
    ];
  }
  if (hasLanes(name)) {
    const [shape, operation] = name.split(".");
    const parameters: ValueType[] = operation === "replace_lane" ? ["v128", scalarOf(shape)] : ["v128"];
    return Array.from({ length: Number(shape.split("x")[1]) }, (_, lane) => ({ name, parameters, immediate: lane }));
  }
  return [{ name, parameters: pureSignature(name).parameters, immediate: 0 }];
});

const anyVector = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  // Both lanes small, so that counts, divisors and comparisons mean something.
  fc
    .tuple(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: -9n, max: 9n }))
    .map(([low, high]) => BigInt.asUintN(128, (BigInt.asUintN(64, high) << 64n) | BigInt.asUintN(64, low))),
  // Doubles and floats that are numbers.
  fc.tuple(fc.double(), fc.double()).map((pair) => {
    const [low, high] = new BigUint64Array(Float64Array.from(pair).buffer);
    return (high << 64n) | low;
  }),
  fc.tuple(fc.float(), fc.float(), fc.float(), fc.float()).map((four) => {
    const [low, high] = new BigUint64Array(Float32Array.from(four).buffer);
    return (high << 64n) | low;
  }),
);

function setOperands(operands: readonly bigint[]): void {
  operands.forEach((value, index) => {
    state.set64("xmm", BigInt.asUintN(64, value), 2 * index);
    state.set64("xmm", value >> 64n, 2 * index + 1);
  });
}

const clearResult = (): unknown => bytes.fill(0, CPU + RESULT, CPU + RESULT + 16);
const takeResult = (): string => Buffer.from(bytes.subarray(CPU + RESULT, CPU + RESULT + 16)).toString("hex");

const traps = (name: string): boolean => /^i64\.(div|rem)/.test(name);

describe("an operation", () => {
  it.each(cases)("$name is what WebAssembly's instruction is (immediate $immediate)", (operation) => {
    const direct = asWebAssembly(operation);
    const bytecode = asBytecode(operation);
    fc.assert(
      fc.property(anyVector, anyVector, anyVector, (a, b, c) => {
        // The lift divides by nothing that is 0, and nothing by -1.
        fc.pre(!traps(operation.name) || ![0n, (1n << 64n) - 1n].includes(BigInt.asUintN(64, b)));
        setOperands([a, b, c]);
        clearResult();
        direct(CPU);
        const expected = takeResult();
        clearResult();
        state.set32("left", 1);
        expect(interpreter.run(bytecode, CPU)).toBe(Status.continue);
        expect(takeResult()).toBe(expected);
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe("a block", () => {
  const limited = (count: number, left: number): number => {
    const block = builder();
    block.setField64(RESULT, block.i64(7));
    const bytecode = new Encoder().encode(block.finish(0n, count, 0n), 3);
    state.set32("left", left);
    state.set32("site", 0);
    clearResult();
    return bytecode === null ? -1 : interpreter.run(bytecode, CPU);
  };

  it("runs when as many instructions are left as it has, and takes them", () => {
    expect(limited(5, 5)).toBe(Status.continue);
    expect(state.getI32("left")).toBe(0);
    expect(takeResult()).toBe("07".padEnd(32, "0"));
  });

  it("stops at its start, having done nothing, when fewer are left", () => {
    expect(limited(5, 4)).toBe(Status.stopped);
    expect(state.get32("site")).toBe(3);
    expect(state.getI32("left")).toBe(-1);
    expect(takeResult()).toBe("".padEnd(32, "0"));
  });

  it.each([
    ["values", (b: BlockBuilder) => b.field128(RESULT)],
    ["constants", (b: BlockBuilder) => b.setField128(RESULT, b.v128(1n))],
    ["instructions", (b: BlockBuilder) => b.callout(0)],
  ])("with too many %s is not interpreted", (_, one) => {
    const block = builder();
    for (let count = 0; count < 5000; count++) one(block);
    expect(new Encoder().encode(block.finish(0n, 1, 0n), 0)).toBeNull();
  });
});
