import { type IntegerOperation, pureOperations } from "../ir";
import { type ByteWriter, Wasm } from "./wasm";

/**
 * WebAssembly written as nested expressions, for the few functions that are written by hand:
 * `["i32.add", ["get", 0], ["i32", 1]]`.
 */
export type Expression =
  | readonly ["get", local: number]
  | readonly ["set", local: number, value: Expression]
  | readonly ["i32", value: number]
  | readonly ["i64", value: bigint]
  | readonly ["load32", offset: number, address: Expression]
  | readonly ["load64", offset: number, address: Expression]
  | readonly ["store32" | "store64", offset: number, address: Expression, value: Expression]
  | readonly ["call", name: string, a?: Expression, b?: Expression, c?: Expression, d?: Expression]
  | readonly ["callTable", type: number, index: Expression, operand: Expression]
  | readonly ["returnIf", condition: Expression, value: Expression]
  | readonly ["if", condition: Expression, then: readonly Expression[], otherwise: readonly Expression[]]
  /** Repeats its body while the last expression is not 0. */
  | readonly ["loopWhile", body: readonly Expression[], again: Expression]
  | readonly [operation: IntegerOperation, a: Expression, b?: Expression, c?: Expression];

/** Tells the index of a function by its name. */
export type FunctionIndex = (name: string) => number;

/** Writes an expression's code. */
export function write(code: ByteWriter, expression: Expression, indexOf: FunctionIndex): void {
  const operands = (list: readonly (Expression | undefined)[]): void => {
    for (const operand of list) {
      if (operand !== undefined) {
        write(code, operand, indexOf);
      }
    }
  };
  switch (expression[0]) {
    case "get":
      code.byte(Wasm.localGet).u32(expression[1]);
      break;
    case "set":
      operands([expression[2]]);
      code.byte(Wasm.localSet).u32(expression[1]);
      break;
    case "i32":
      code.byte(Wasm.i32Const).s32(expression[1]);
      break;
    case "i64":
      code.byte(Wasm.i64Const).s64(expression[1]);
      break;
    case "load32":
    case "load64":
      operands([expression[2]]);
      code
        .byte(expression[0] === "load32" ? Wasm.i32Load : Wasm.i64Load)
        .u32(0)
        .u32(expression[1]);
      break;
    case "store32":
    case "store64":
      operands([expression[2], expression[3]]);
      code
        .byte(expression[0] === "store32" ? Wasm.i32Store : Wasm.i64Store)
        .u32(0)
        .u32(expression[1]);
      break;
    case "call":
      operands([expression[2], expression[3], expression[4], expression[5]]);
      code.byte(Wasm.call).u32(indexOf(expression[1]));
      break;
    case "callTable":
      operands([expression[3], expression[2]]);
      code.byte(Wasm.callIndirect).u32(expression[1]).u32(0);
      break;
    case "returnIf":
      operands([expression[1]]);
      code.byte(Wasm.if).byte(0x40);
      operands([expression[2]]);
      code.byte(Wasm.return).byte(Wasm.end);
      break;
    case "if":
      operands([expression[1]]);
      code.byte(Wasm.if).byte(0x40);
      operands(expression[2]);
      if (expression[3].length > 0) {
        code.byte(Wasm.else);
        operands(expression[3]);
      }
      code.byte(Wasm.end);
      break;
    case "loopWhile":
      code.byte(Wasm.loop).byte(0x40);
      operands(expression[1]);
      operands([expression[2]]);
      code.byte(Wasm.brIf).u32(0).byte(Wasm.end);
      break;
    default:
      operands([expression[1], expression[2], expression[3]]);
      code.opcode(pureOperations[expression[0]][0]);
  }
}

/** The value of a local; a constant. */
export const get = (local: number): Expression => ["get", local];
export const number = (value: number): Expression => ["i32", value];
