import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter, encodeModule, Wasm, WasmType } from "./wasm";

const bytesOf = (writer: ByteWriter): number[] => [...writer.view()];

describe("ByteWriter", () => {
  it("writes LEB128 as in the examples of its definition", () => {
    expect(bytesOf(new ByteWriter().u32(624485))).toEqual([0xe5, 0x8e, 0x26]);
    expect(bytesOf(new ByteWriter().s32(-123456))).toEqual([0xc0, 0xbb, 0x78]);
    expect(bytesOf(new ByteWriter().s32(64))).toEqual([0xc0, 0x00]);
    expect(bytesOf(new ByteWriter().s64(-1n))).toEqual([0x7f]);
  });
});

/** What WebAssembly itself reads back from a constant. */
function evaluate(type: number, code: ByteWriter): number | bigint {
  const module = encodeModule({
    imports: [],
    functions: [{ name: "value", type: { parameters: [], results: [type] }, locals: [], code }],
    exported: 1,
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { value } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } }).exports;
  if (typeof value !== "function") {
    throw new Error("the module exports no function");
  }
  return value() as number | bigint;
}

describe("encodeModule", () => {
  it("makes modules whose constants WebAssembly reads as they were written", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(evaluate(WasmType.i32, new ByteWriter().byte(Wasm.i32Const).s32(value))).toBe(value);
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
        expect(evaluate(WasmType.i64, new ByteWriter().byte(Wasm.i64Const).s64(value))).toBe(value);
      }),
      { numRuns: 50 },
    );
  });
});
