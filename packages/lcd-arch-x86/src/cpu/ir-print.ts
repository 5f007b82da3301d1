import { calloutName } from "./callouts";
import { MODE_64 } from "./code-mode";
import {
  hasLanes,
  type IrBlock,
  Register,
  type Site,
  type SiteCause,
  type Statement,
  type Terminator,
  type Value,
} from "./ir";
import { BlockBuilder } from "./lift/builder";
import { gprNames, StateOffset } from "./state";
import type { CodeContext } from "./translate/code-context";
import { type CodeSource, type DecodedBlock, type DecodedRegion, discover, MAX_BLOCK } from "./translate/discover";
import { liftDecoded } from "./translate/lift-region";
import { translateRegion } from "./translate/region";
import { NEEDS_LOCAL, schedule } from "./translate/schedule";
import { watOf } from "./wasm-print";

/** An instruction and its meaning. */
export interface DescribedInstruction {
  readonly address: bigint;
  /** Bytes. */
  readonly length: number;
  /** Its IR, one line for each statement; what nobody reads is left out, as it is when it is translated. */
  readonly ir: readonly string[];
}

/** A region as it is translated: one WebAssembly function. */
export interface DescribedRegion {
  readonly entry: bigint;
  /** In order of address. Instructions that a region before this one has too are left out. */
  readonly instructions: readonly DescribedInstruction[];
  /** The function in WebAssembly's text format, one instruction on a line. */
  readonly wat: readonly string[];
  /** Bytes of its WebAssembly code. */
  readonly wasmSize: number;
}

const PAGE = 4096n;
const SCOPE = { instructions: 500, accesses: 200, block: MAX_BLOCK, pages: 4 };
const CONTEXT: CodeContext = { mode: MODE_64, base: 0, limit: 0xffffffff };

/**
 * Shows what the processor makes of 64-bit code: for each instruction its IR, for each region its WebAssembly.
 *
 * @param bytes the code; jumps may lead to all of it
 * @param address linear address of its first byte
 * @param range addresses of the instructions that are asked for; all when absent
 */
export function describeCode(
  bytes: Uint8Array,
  address: bigint,
  range: { readonly from: bigint; readonly to: bigint } = { from: address, to: address + BigInt(bytes.length) },
): DescribedRegion[] {
  const source = sourceOf(bytes, address);
  const seen = new Map<bigint, number>();
  const regions: DescribedRegion[] = [];
  for (let at = range.from; at < range.to; ) {
    const length = seen.get(at);
    if (length !== undefined) {
      at += BigInt(length);
      continue;
    }
    const region = discover(source, CONTEXT, at, SCOPE);
    if (region === null) break;
    const before = new Set(seen.keys());
    const described = describeRegion(region);
    for (const instruction of described.instructions) seen.set(instruction.address, Math.max(1, instruction.length));
    const instructions = described.instructions.filter(
      (instruction) =>
        !before.has(instruction.address) && instruction.address >= range.from && instruction.address < range.to,
    );
    regions.push({ ...described, instructions });
  }
  return regions;
}

/** Pages of the code, with zeros where a page has none of it. */
function sourceOf(bytes: Uint8Array, address: bigint): CodeSource {
  const end = address + BigInt(bytes.length);
  return (page) => {
    if (page + PAGE <= address || page >= end) return null;
    const code = new Uint8Array(Number(PAGE));
    const skip = page < address ? Number(address - page) : 0;
    const from = page < address ? 0 : Number(page - address);
    code.set(bytes.subarray(from, from + Number(PAGE) - skip), skip);
    return { bytes: code, frame: Number((page - (address - (address % PAGE))) / PAGE) };
  };
}

function describeRegion(region: DecodedRegion): DescribedRegion {
  const code = translateRegion(region, 0);
  // The slow path of memory accesses is the import, function 0 of every module.
  const names = ["miss", ...code.called];
  code.resolveCalls((name) => names.indexOf(name));
  const bytes = code.body.code.view();
  const instructions = [...region.blocks.values()].flatMap((block) => describeBlock(region, block));
  for (const { instruction } of [...region.blocks.values()].flatMap((block) => block.instructions)) instruction?.free();
  instructions.sort((a, b) => (a.address < b.address ? -1 : 1));
  return { entry: region.entry, instructions, wat: watOf(bytes, (index) => names[index]), wasmSize: bytes.length };
}

/** Lifts a block by itself, keeping in mind which statements came from which instruction. */
function describeBlock(region: DecodedRegion, decoded: DecodedBlock): DescribedInstruction[] {
  const sites: Site[] = [];
  const builder = new BlockBuilder(sites, CONTEXT);
  const address = (offset: number): bigint => BigInt.asUintN(64, region.entry + BigInt(offset));
  const ends = decoded.instructions.map((instruction, index) => {
    builder.beginInstruction(address(instruction.offset), instruction.length, index);
    liftDecoded(builder, instruction);
    return builder.statements.length;
  });
  const last = decoded.instructions[decoded.instructions.length - 1];
  const block = builder.finish(address(decoded.offset), ends.length, address(last.offset + last.length));
  schedule(block.statements, block.terminator);
  const printer = new IrPrinter(sites);
  return decoded.instructions.map(({ offset, length }, index) => {
    const ir = printer.statements(block.statements.slice(index === 0 ? 0 : ends[index - 1], ends[index]));
    if (index === ends.length - 1) ir.push(...printer.end(block, address(last.offset + last.length)));
    return { address: address(offset), length, ir };
  });
}

/** Writes IR as text. Values that are computed once and kept have names: `%1`. */
class IrPrinter {
  private readonly names = new Map<Value, string>();

  constructor(private readonly sites: readonly Site[]) {}

  statements(list: readonly Statement[]): string[] {
    return list.flatMap((statement) => this.statement(statement));
  }

  /** The terminator, unless it only goes on with the next instruction. */
  end({ terminator }: IrBlock, next: bigint): string[] {
    return terminator.kind === "jump" && terminator.target === next ? [] : [this.terminator(terminator)];
  }

  private statement(statement: Statement): string[] {
    switch (statement.kind) {
      case "set":
        return statement.dead ? [] : [`${registerName(statement.register)} = ${this.value(statement.value)}`];
      case "define":
        return this.define(statement.value);
      case "load": {
        const { operands, size, forWrite } = statement.value;
        const access = `load${size * 8} [${this.value(operands[0])}]${forWrite ? " for write" : ""}`;
        return [`${this.name(statement.value)} = ${access}`];
      }
      case "store":
        return [`store${statement.size * 8} [${this.value(statement.address)}], ${this.value(statement.value)}`];
      case "raiseIf":
        return [`if ${this.value(statement.condition)}: ${causeText(this.sites[statement.site].cause)}`];
      case "setField":
        return [`${fieldName(statement.offset)} = ${this.value(statement.value)}`];
      case "callout":
        return [`call ${calloutName(statement.number)}`];
      case "guarded": {
        const { condition, fast, operands, plain, number, value } = statement;
        const slow = `call ${calloutName(number)}(${operands.map((operand) => this.value(operand)).join(", ")})`;
        const numbers = plain && [...plain.operands, plain.result].map((looked) => this.value(looked)).join(", ");
        const guard = plain ? `plain(${numbers}) or not ${this.value(condition)}` : `not ${this.value(condition)}`;
        const text = `${guard} ? ${this.value(fast)} : ${slow}`;
        return [`${this.name(value)} = ${text}`];
      }
      case "repeat":
        return ["repeat {", ...this.statements(statement.body).map((line) => `  ${line}`), "}"];
      case "exitIf":
        return [`leave if ${this.value(statement.condition)}`];
    }
  }

  private define(value: Value): string[] {
    if (value.uses === 0 || value.local !== NEEDS_LOCAL) return [];
    const text = this.expression(value);
    return [`${this.name(value)} = ${text}`];
  }

  private name(value: Value): string {
    const name = this.names.get(value) ?? `%${this.names.size + 1}`;
    this.names.set(value, name);
    return name;
  }

  private value(value: Value): string {
    return this.names.get(value) ?? this.expression(value);
  }

  private expression(value: Value): string {
    switch (value.kind) {
      case "const":
        return constant(value.immediate);
      case "register":
        return registerName(Number(value.immediate));
      case "field":
        return fieldName(Number(value.immediate));
      case "load":
      case "guarded":
        return this.name(value);
      case "pure":
        if (hasLanes(value.operation)) {
          return `${value.operation}[${value.immediate}](${value.operands.map((operand) => this.value(operand)).join(", ")})`;
        }
        return `${value.operation}(${value.operands.map((operand) => this.value(operand)).join(", ")})`;
      case "runtime":
        return `${value.operation}(${value.operands.map((operand) => this.value(operand)).join(", ")})`;
    }
  }

  private terminator(terminator: Terminator): string {
    switch (terminator.kind) {
      case "jump":
        return `jump ${hex(terminator.target)}`;
      case "branch":
        return `jump ${this.value(terminator.condition)} ? ${hex(terminator.taken)} : ${hex(terminator.next)}`;
      case "indirect":
        return `jump ${this.value(terminator.target)}`;
      case "stop":
        return causeText(this.sites[terminator.site].cause);
    }
  }
}

function causeText(cause: SiteCause): string {
  switch (cause.kind) {
    case "exception":
      return `raise vector ${cause.vector}${cause.errorCode === null ? "" : `, error code ${cause.errorCode}`}`;
    case "system":
      return `system ${cause.operation}(${cause.operands.join(", ")})`;
    case "fetch":
      return "the next page cannot be fetched";
    case "limit":
    case "callout":
    case "memory":
      return `stop (${cause.kind})`;
  }
}

const lazyFlagNames = new Map(
  Object.entries(Register)
    .filter(([, number]) => number !== Register.xmm)
    .map(([name, number]) => [number as number, name]),
);

function registerName(register: number): string {
  return register < gprNames.length
    ? gprNames[register]
    : (lazyFlagNames.get(register) ?? `xmm${register - Register.xmm}`);
}

/** The field that begins at an offset of the processor's state, or the array that it lies in. */
function fieldName(offset: number): string {
  const [name, start] = Object.entries(StateOffset)
    .filter(([, at]) => at <= offset)
    .reduce((best, entry) => (entry[1] >= best[1] ? entry : best));
  return offset === start ? name : `${name}+${offset - start}`;
}

function constant(value: number | bigint): string {
  const big = BigInt(value);
  return big > -4096n && big < 4096n ? big.toString() : hex(big);
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
