/** A writer for the parts of the WebAssembly binary format (Core Specification 2.0, chapter 5) that translations use. */

/** Value types. */
export const WasmType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, empty: 0x40 } as const;

/** Control and variable instructions; numeric ones are in `ir.ts`, each with the meaning it has there. */
export const Wasm = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  f32Load: 0x2a,
  f64Load: 0x2b,
  i32Load8S: 0x2c,
  i32Load8U: 0x2d,
  i32Load16S: 0x2e,
  i32Load16U: 0x2f,
  i32Store: 0x36,
  i64Store: 0x37,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtS: 0x48,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64LtU: 0x54,
  i64GtU: 0x56,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64ShrU: 0x88,
  i64Xor: 0x85,
  i32WrapI64: 0xa7,
  /** With the prefix byte in bits 23:16. */
  v128Load: 0xfd0000,
  v128Load32Zero: 0xfd005c,
  v128Load64Zero: 0xfd005d,
  v128Store: 0xfd000b,
  v128Const: 0xfd000c,
  i64x2ExtractLane: 0xfd001d,
} as const;

/** A growing run of bytes with the format's integer encodings. */
export class ByteWriter {
  private bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Replaces a byte that has been written. */
  patch(at: number, value: number): void {
    this.bytes[at] = value;
  }

  byte(value: number): this {
    if (this.length === this.bytes.length) {
      this.grow(1);
    }
    this.bytes[this.length++] = value;
    return this;
  }

  /** An opcode: one byte, or a prefix in bits 23:16 and a number. */
  opcode(value: number): this {
    return value <= 0xff ? this.byte(value) : this.byte(value >>> 16).u32(value & 0xffff);
  }

  append(other: ByteWriter | Uint8Array): this {
    const data = other instanceof ByteWriter ? other.view() : other;
    if (this.length + data.length > this.bytes.length) {
      this.grow(data.length);
    }
    this.bytes.set(data, this.length);
    this.length += data.length;
    return this;
  }

  /** Unsigned LEB128 of 0 to 2^32 - 1. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  s32(value: number): this {
    let rest = value | 0;
    while (rest > 63 || rest < -64) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of a 64-bit integer. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    while (rest > 0x7fffffffn || rest < -0x80000000n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.s32(Number(rest));
  }

  name(text: string): this {
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) {
      this.byte(text.charCodeAt(i));
    }
    return this;
  }

  /** What has been written; valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private grow(atLeast: number): void {
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + atLeast));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
  }
}

/** A function type: parameter and result value types. */
export interface FunctionType {
  parameters: readonly number[];
  results: readonly number[];
}

/** One function to put in a module: its type, its locals by run (count, type), its body without the final `end`. */
export interface FunctionBody {
  type: FunctionType;
  locals: readonly (readonly [count: number, type: number])[];
  code: ByteWriter;
  /** Name to export it under, if it is exported. */
  name: string;
  /** Offsets in the code of `if` instructions that are hardly ever entered. */
  unlikely?: readonly number[];
}

/** A function that the module imports from the import module "env". */
export interface FunctionImport {
  name: string;
  type: FunctionType;
}

/** What a module is made of: it imports functions, memory and perhaps a table from "env". */
export interface ModuleParts {
  imports: readonly FunctionImport[];
  functions: readonly FunctionBody[];
  /** How many of the functions, from the first, are exported. */
  exported: number;
  /** Import the shared function table as well. */
  table?: boolean;
  /** The function type to give index 0. */
  firstType?: FunctionType;
}

function section(out: ByteWriter, id: number, body: ByteWriter): void {
  out.byte(id).u32(body.length).append(body);
}

/** Encodes a module. Imported functions come first in the function index space, in order. */
export function encodeModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const types: FunctionType[] = parts.firstType ? [parts.firstType] : [];
  const typeIndex = (type: FunctionType): number => {
    const known = types.findIndex(
      (other) => other.parameters.join() === type.parameters.join() && other.results.join() === type.results.join(),
    );
    return known >= 0 ? known : types.push(type) - 1;
  };
  const importSection = new ByteWriter();
  importSection.u32(parts.imports.length + 1 + (parts.table ? 1 : 0));
  importSection.name("env").name("memory").byte(0x02).byte(0x00).u32(1);
  if (parts.table) {
    importSection.name("env").name("table").byte(0x01).byte(0x70).byte(0x00).u32(1);
  }
  for (const entry of parts.imports) {
    importSection.name("env").name(entry.name).byte(0x00).u32(typeIndex(entry.type));
  }
  const functionSection = new ByteWriter().u32(parts.functions.length);
  const exportSection = new ByteWriter().u32(parts.exported);
  const codeSection = new ByteWriter(1024).u32(parts.functions.length);
  const hints = new BranchHints();
  parts.functions.forEach((body, index) => {
    functionSection.u32(typeIndex(body.type));
    if (index < parts.exported) {
      exportSection
        .name(body.name)
        .byte(0x00)
        .u32(parts.imports.length + index);
    }
    const locals = new ByteWriter(32).u32(body.locals.length);
    for (const [count, type] of body.locals) {
      locals.u32(count).byte(type);
    }
    hints.add(parts.imports.length + index, locals.length, body.unlikely ?? []);
    codeSection
      .u32(locals.length + body.code.length + 1)
      .append(locals)
      .append(body.code)
      .byte(Wasm.end);
  });
  const typeSection = new ByteWriter().u32(types.length);
  for (const type of types) {
    typeSection.byte(0x60).u32(type.parameters.length);
    type.parameters.forEach((value) => typeSection.byte(value));
    typeSection.u32(type.results.length);
    type.results.forEach((value) => typeSection.byte(value));
  }
  const out = new ByteWriter(codeSection.length + 512);
  out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
  section(out, 1, typeSection);
  section(out, 2, importSection);
  section(out, 3, functionSection);
  section(out, 7, exportSection);
  hints.writeSection(out);
  section(out, 10, codeSection);
  return out.view().slice();
}

/**
 * The custom section that tells a compiler which branches are unlikely, so that it keeps what they lead to off the fast
 * path (Branch Hinting proposal). Engines that do not know it skip it.
 */
class BranchHints {
  private readonly entries = new ByteWriter(256);
  private functions = 0;

  /**
   * @param index of the function, in ascending order from call to call
   * @param before bytes of its body before its code: its locals
   */
  add(index: number, before: number, unlikely: readonly number[]): void {
    if (unlikely.length === 0) {
      return;
    }
    this.functions++;
    this.entries.u32(index).u32(unlikely.length);
    for (const at of unlikely) {
      this.entries
        .u32(before + at)
        .u32(1)
        .byte(UNLIKELY);
    }
  }

  writeSection(out: ByteWriter): void {
    if (this.functions > 0) {
      const body = new ByteWriter(this.entries.length + 64).name("metadata.code.branch_hint");
      section(out, 0, body.u32(this.functions).append(this.entries));
    }
  }
}

const UNLIKELY = 0;
