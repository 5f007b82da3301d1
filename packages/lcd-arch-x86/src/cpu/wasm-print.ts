import { hasLanes, pureOperations } from "./ir";
import { Wasm } from "./translate/wasm";

/** Names of instructions by opcode, as in WebAssembly's text format (Core Specification, chapter 6). */
const names: ReadonlyMap<number, string> = new Map<number, string>([
  ...Object.entries(pureOperations).map(([name, [opcode]]) => [opcode, name] as const),
  [Wasm.unreachable, "unreachable"],
  [Wasm.block, "block"],
  [Wasm.loop, "loop"],
  [Wasm.if, "if"],
  [Wasm.else, "else"],
  [Wasm.end, "end"],
  [Wasm.br, "br"],
  [Wasm.brIf, "br_if"],
  [Wasm.brTable, "br_table"],
  [Wasm.return, "return"],
  [Wasm.call, "call"],
  [Wasm.callIndirect, "call_indirect"],
  [Wasm.drop, "drop"],
  [Wasm.select, "select"],
  [Wasm.localGet, "local.get"],
  [Wasm.localSet, "local.set"],
  [Wasm.localTee, "local.tee"],
  [Wasm.i32Load, "i32.load"],
  [Wasm.i64Load, "i64.load"],
  [Wasm.i32Load8S, "i32.load8_s"],
  [Wasm.i32Load8U, "i32.load8_u"],
  [Wasm.i32Load16S, "i32.load16_s"],
  [Wasm.i32Load16U, "i32.load16_u"],
  [Wasm.i32Store, "i32.store"],
  [Wasm.i64Store, "i64.store"],
  [Wasm.i32Store8, "i32.store8"],
  [Wasm.i32Store16, "i32.store16"],
  [Wasm.i32Const, "i32.const"],
  [Wasm.i64Const, "i64.const"],
  [Wasm.v128Load, "v128.load"],
  [Wasm.v128Store, "v128.store"],
  [Wasm.v128Const, "v128.const"],
]);

const blockTypes: Readonly<Record<number, string>> = { 127: " (result i32)", 126: " (result i64)", 64: "" };

/** The first byte of an opcode that goes on with a number: saturating conversions, and vectors. */
const FIRST_PREFIX = 0xfc;
const LAST_PREFIX = 0xfd;
const SHUFFLE = pureOperations["i8x16.shuffle"][0];

/** Memory instructions have an alignment and an offset. */
const FIRST_MEMORY = 0x28;
const LAST_MEMORY = 0x3e;

/**
 * WebAssembly code in the text format, one instruction on a line, nested by indentation.
 *
 * @param code instructions of a function's body, without the final `end`
 * @param nameOf the name of a function that is called
 */
export function watOf(code: Uint8Array, nameOf: (index: number) => string | undefined): string[] {
  const reader = new Reader(code);
  const lines: string[] = [];
  let depth = 0;
  while (!reader.done) {
    const first = reader.byte();
    const prefixed = first >= FIRST_PREFIX && first <= LAST_PREFIX;
    const opcode = prefixed ? (first << 16) | reader.unsigned() : first;
    const text = `${names.get(opcode) ?? `(; 0x${opcode.toString(16)} ;)`}${immediates(opcode, reader, nameOf)}`;
    if (opcode === Wasm.end || opcode === Wasm.else) depth--;
    lines.push(`${"  ".repeat(Math.max(0, depth))}${text}`);
    if (opcode === Wasm.block || opcode === Wasm.loop || opcode === Wasm.if || opcode === Wasm.else) depth++;
  }
  return lines;
}

function immediates(opcode: number, reader: Reader, nameOf: (index: number) => string | undefined): string {
  if ((opcode >= FIRST_MEMORY && opcode <= LAST_MEMORY) || opcode === Wasm.v128Load || opcode === Wasm.v128Store) {
    reader.unsigned();
    const offset = reader.unsigned();
    return offset === 0 ? "" : ` offset=${offset}`;
  }
  switch (opcode) {
    case Wasm.block:
    case Wasm.loop:
    case Wasm.if:
      return blockTypes[reader.byte()] ?? "";
    case Wasm.call: {
      const index = reader.unsigned();
      return ` ${nameOf(index) === undefined ? index : `$${nameOf(index)}`}`;
    }
    case Wasm.callIndirect:
      return ` (type ${reader.unsigned()}) ${reader.unsigned()}`;
    case Wasm.brTable:
      return Array.from({ length: reader.unsigned() + 1 }, () => ` ${reader.unsigned()}`).join("");
    case Wasm.br:
    case Wasm.brIf:
    case Wasm.localGet:
    case Wasm.localSet:
    case Wasm.localTee:
      return ` ${reader.unsigned()}`;
    case Wasm.i32Const:
    case Wasm.i64Const:
      return ` ${reader.signed()}`;
    case SHUFFLE:
    case Wasm.v128Const:
      return Array.from({ length: 16 }, () => ` ${reader.byte()}`).join("");
    default:
      return hasLanes(names.get(opcode) ?? "") ? ` ${reader.byte()}` : "";
  }
}

/** Reads the binary format's integers (Core Specification, "Integers"). */
class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++];
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Number(shift) + 7, value);
    }
  }
}
