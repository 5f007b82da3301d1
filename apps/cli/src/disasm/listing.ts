import type { DescribedInstruction, DescribedRegion } from "lcd-arch-x86/machine";
import { describeCode } from "lcd-arch-x86/machine";
import { disassemble, hexBytes, type Line, type Syntax } from "./instructions";
import type { CodeSection, CodeSymbol, LinkedImage } from "./linked-image";

/** What a listing shows besides the instructions. */
export interface ListingOptions {
  readonly syntax: Syntax;
  /** The IR of each instruction beside it. */
  readonly ir: boolean;
  /** The WebAssembly of each region. */
  readonly wasm: boolean;
}

/** A run of code to show. */
export interface Range {
  readonly section: CodeSection;
  readonly from: bigint;
  readonly to: bigint;
}

/** A listing of code, with labels and with names for addresses. */
export function listing(image: LinkedImage, range: Range, options: ListingOptions): string[] {
  const { section, from, to } = range;
  const start = Number(from - section.address);
  const bytes = section.bytes.subarray(start, start + Number(to - from));
  const lines = disassemble(bytes, from, options.syntax);
  if (!options.ir && !options.wasm)
    return lines.flatMap((line) => [...labels(range, line), plainLine(image, range, line)]);
  const regions = describeCode(section.bytes, section.address, range);
  return regions.flatMap((region) => regionLines(image, range, lines, region, options));
}

/** Offset in the section, bytes, instruction. */
function plainLine(image: LinkedImage, { section }: Range, line: Line): string {
  const at = Number(line.address - section.address);
  const raw = section.raw.subarray(at, at + line.bytes.length);
  const text = `${hexBytes(raw, 10)}  ${named(image, line.text)}${stringComment(image, line.text)}`;
  return `${offsetOf(section, line.address)}  ${text}`.trimEnd();
}

function regionLines(
  image: LinkedImage,
  range: Range,
  lines: readonly Line[],
  region: DescribedRegion,
  options: ListingOptions,
): string[] {
  const entry = image.nameOf(region.entry) ?? `0x${region.entry.toString(16)}`;
  const title = `region ${entry}: a WebAssembly function of ${region.wasmSize} bytes`;
  const byAddress = new Map(lines.map((line) => [line.address, line]));
  const instructions = region.instructions.flatMap((instruction) => {
    const line = byAddress.get(instruction.address);
    if (line === undefined) return [];
    const shown = options.ir ? sideBySide(image, range, line, instruction) : [plainLine(image, range, line)];
    return [...labels(range, line), ...shown];
  });
  const wat = options.wasm ? ["", ...region.wat.map((line) => `      ${named(image, line)}`)] : [];
  return ["", title, ...instructions, ...wat];
}

const LEFT = 46;

function sideBySide(image: LinkedImage, { section }: Range, line: Line, { ir }: DescribedInstruction): string[] {
  const left = `${offsetOf(section, line.address)}  ${named(image, line.text)}`;
  const rows = ir.length === 0 ? [""] : ir;
  return rows.map((text, index) => `${(index === 0 ? left : "").padEnd(LEFT)}  | ${named(image, text)}`.trimEnd());
}

/** The names that stand at an instruction's address. */
function labels({ section }: Range, line: Line): string[] {
  const here = section.symbols.filter(({ address }) => address === line.address);
  return here.length === 0 ? [] : ["", ...here.map(({ name }: CodeSymbol) => `${name}:`)];
}

function offsetOf(section: CodeSection, address: bigint): string {
  return `${(address - section.address).toString(16).padStart(6)}:`;
}

/** Puts names in the place of addresses. A negative displacement is an address in the top 2 GiB. */
function named(image: LinkedImage, text: string): string {
  return text.replace(/([-+]?)0x([0-9a-f]{8,16})\b/g, (whole: string, sign: string, digits: string) => {
    const value = BigInt(`0x${digits}`);
    const name = image.nameOf(BigInt.asUintN(64, sign === "-" ? -value : value));
    return name === null ? whole : `${sign === "" ? "" : "+"}${name}`;
  });
}

function stringComment(image: LinkedImage, text: string): string {
  for (const [digits] of text.matchAll(/0x[0-9a-f]{16}\b/g)) {
    const found = image.stringAt(BigInt(digits));
    if (found !== null) return `  # ${JSON.stringify(found)}`;
  }
  return "";
}
