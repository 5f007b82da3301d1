import { Decoder, DecoderError, DecoderOptions, FlowControl, type Instruction as IcedInstruction } from "iced-x86";
import { codeBytes } from "../code-mode";
import { Instruction } from "../instruction";
import { endsBlock } from "../lift/index";
import { type CodeContext, isLong, linearOf, ripOf } from "./code-context";
import { exceedsLimit, MAX_LENGTH } from "./length-limit";

/** One page of code as the processor may fetch it now. */
export interface CodePage {
  /** Its 4096 bytes, as they are in RAM. */
  bytes: Uint8Array;
  /** Its frame number in RAM. */
  frame: number;
}

/** Where code comes from: the page of linear address `page` (a multiple of 4096), or null when it cannot be fetched. */
export type CodeSource = (page: bigint) => CodePage | null;

/** How far discovery goes from a region's entry. */
export interface Scope {
  /** No block begins behind so many. */
  instructions: number;
  /** Nor behind so many accesses to memory, of which each becomes a lot of code. */
  accesses: number;
  /** Instructions in the longest block. */
  block: number;
  /** Pages that the region may touch; an instruction that crosses into one more is still taken. */
  pages: number;
}

/** What running the code has shown so far. */
export interface Experience {
  /** Whether a called function is to be part of its caller's region. */
  follows(target: bigint): boolean;
  /** Where the indirect jump or call at an instruction pointer has gone, most often first. */
  targets(from: bigint): readonly bigint[];
  /** Whether a region has its entry there: what is to be small goes on in that one, instead of having it again. */
  isEntry(target: bigint): boolean;
}

/** Of code that has not run. */
export const NO_EXPERIENCE: Experience = { follows: () => false, targets: () => [], isEntry: () => false };

/** A decoded instruction; `instruction` is null where it cannot be fetched whole, or lies beyond the segment's limit. */
export interface Decoded {
  /** Distance in bytes from the region's entry. */
  offset: number;
  length: number;
  instruction: Instruction | null;
  /** Some of it lies beyond the limit of CS. */
  beyond: boolean;
}

/** A straight run of instructions. */
export interface DecodedBlock {
  offset: number;
  instructions: Decoded[];
  /** Offsets where control may go next, if known; they need not be in the region. */
  successors: number[];
}

/** A page that a region lies on: its linear address, and what was found there. */
export interface RegionPage extends CodePage {
  address: bigint;
}

/** A region's code: blocks by offset (the entry has offset 0), and the pages they lie on. */
export interface DecodedRegion {
  context: CodeContext;
  /** Instruction pointer at its entry. */
  entry: bigint;
  blocks: Map<number, DecodedBlock>;
  /** Pages in order of discovery. */
  pages: RegionPage[];
  /** Pages that instructions go on to, and that could not be fetched. */
  missing: bigint[];
  /** Where control is likely to go when it leaves: called functions, what follows the calls, blocks beyond the scope. */
  continuations: bigint[];
}

const PAGE_SIZE = 4096;
const PAGE = BigInt(PAGE_SIZE);

/** Has the decoder make its tables, which takes milliseconds, before there is code that waits for them. */
export function prepareDecoder(): void {
  const decoder = new Decoder(64, Uint8Array.of(0x90), DecoderOptions.None);
  new Instruction(decoder.decode()).free();
  decoder.free();
}

/** A page that is being read, and where in it its decoder stands. */
interface OpenPage extends RegionPage {
  decoder: Decoder;
  position: number;
}

/** Reads instructions of one region, page by page. */
class CodeReader {
  readonly pages: OpenPage[] = [];
  readonly missing = new Set<bigint>();

  private readonly bitness: number;

  constructor(
    private readonly source: CodeSource,
    readonly context: CodeContext,
    private readonly entry: bigint,
  ) {
    this.bitness = codeBytes(context.mode) * 8;
  }

  /** The instruction pointer that is `offset` bytes from the entry. */
  rip(offset: number): bigint {
    return ripOf(this.context, this.entry + BigInt(offset));
  }

  /** The linear address that is `offset` bytes from the entry. */
  address(offset: number): bigint {
    return linearOf(this.context, this.entry + BigInt(offset));
  }

  /** Whether bytes that begin `offset` bytes from the entry are not all within the limit of CS. */
  isBeyond(offset: number, length: number): boolean {
    return !isLong(this.context) && Number(this.rip(offset)) + length - 1 > this.context.limit;
  }

  /** The page that holds a linear address, if it has been read or can be. */
  page(address: bigint): OpenPage | null {
    const start = address - (address % PAGE);
    const known = this.pages.find((page) => page.address === start);
    if (known) {
      return known;
    }
    const code = this.source(start);
    if (code === null) {
      return null;
    }
    const decoder = new Decoder(this.bitness, code.bytes, DecoderOptions.None);
    const page = { address: start, frame: code.frame, bytes: code.bytes, decoder, position: -1 };
    this.pages.push(page);
    return page;
  }

  has(address: bigint): boolean {
    const start = address - (address % PAGE);
    return this.pages.some((page) => page.address === start);
  }

  /** The instruction `offset` bytes from the entry, `at` bytes into the page; null when its end cannot be fetched. */
  decode(page: OpenPage, at: number, offset: number): Instruction | null {
    if (page.position !== at) {
      page.decoder.position = at;
      page.decoder.ip = this.rip(offset);
    }
    const decoded = page.decoder.decode();
    if (at + MAX_LENGTH <= PAGE_SIZE || page.decoder.lastError !== DecoderError.NoMoreBytes) {
      const instruction = this.instruction(decoded, page.bytes, at);
      page.position = instruction.isInvalid ? -1 : at + instruction.length;
      return instruction;
    }
    page.position = -1;
    decoded.free();
    const nextAddress = isLong(this.context) ? page.address + PAGE : BigInt.asUintN(32, page.address + PAGE);
    const next = this.page(nextAddress);
    if (next === null) {
      this.missing.add(nextAddress);
      return null;
    }
    const window = new Uint8Array(2 * MAX_LENGTH);
    window.set(page.bytes.subarray(at));
    window.set(next.bytes.subarray(0, MAX_LENGTH), PAGE_SIZE - at);
    const decoder = new Decoder(this.bitness, window, DecoderOptions.None);
    decoder.ip = this.rip(offset);
    const crossing = decoder.decode();
    decoder.free();
    return this.instruction(crossing, window, 0);
  }

  /** @param at where in the bytes it was decoded from */
  private instruction(decoded: IcedInstruction, bytes: Uint8Array, at: number): Instruction {
    const instruction = new Instruction(decoded);
    if (instruction.isInvalid && instruction.length >= MAX_LENGTH) {
      instruction.isTooLong = exceedsLimit(bytes.subarray(at, at + MAX_LENGTH), this.bitness);
    }
    return instruction;
  }

  free(): void {
    for (const page of this.pages) {
      page.decoder.free();
    }
  }
}

/**
 * Where control may go after a block's last instruction, as offsets.
 *
 * @param rip of that instruction
 * @param next offset of the one behind it
 */
function successorsOf(
  instruction: Instruction,
  rip: bigint,
  next: number,
  entry: bigint,
  experience: Experience,
): number[] {
  const offset = (target: bigint): number => Number(BigInt.asIntN(64, target - entry));
  if (instruction.isDirectCall) {
    const { nearBranchTarget } = instruction;
    return experience.follows(nearBranchTarget) ? [offset(nearBranchTarget)] : [];
  }
  if (instruction.isFar) {
    return [];
  }
  switch (instruction.flowControl) {
    case FlowControl.UnconditionalBranch:
      return [offset(instruction.nearBranchTarget)];
    case FlowControl.ConditionalBranch:
      return [offset(instruction.nearBranchTarget), next];
    case FlowControl.IndirectBranch:
    case FlowControl.IndirectCall:
      return experience.targets(rip).map(offset);
    case FlowControl.Next:
      return endsBlock(instruction) ? [] : [next];
    default:
      return [];
  }
}

/** Calls in a region behind which its returns are looked for. */
const MAX_RETURN_SITES = 8;

/**
 * Finds the blocks that belong together with the one at `entry`, following direct jumps in the order in which they are
 * found, and calls that are worth it, within the scope. Null when the first byte cannot be fetched.
 */
export function discover(
  source: CodeSource,
  context: CodeContext,
  entry: bigint,
  scope: Scope,
  experience: Experience = NO_EXPERIENCE,
): DecodedRegion | null {
  const reader = new CodeReader(source, context, entry);
  if (!reader.isBeyond(0, 1) && reader.page(reader.address(0)) === null) {
    return null;
  }
  const blocks = new Map<number, DecodedBlock>();
  /** The block that each decoded instruction is in, by offset. */
  const owner = new Map<number, DecodedBlock>();
  const queue = [0];
  const returnSites = new Set<number>();
  let count = 0;
  let accesses = 0;
  for (let at = 0; at < queue.length && count < scope.instructions && accesses < scope.accesses; at++) {
    const offset = queue[at];
    const inside = owner.get(offset);
    if (inside) {
      split(inside, offset, blocks, owner);
      continue;
    }
    if (at > 0 && experience.isEntry(reader.rip(offset))) {
      continue;
    }
    const start = reader.address(offset);
    if (at > 0 && !reader.has(start) && (reader.pages.length >= scope.pages || reader.page(start) === null)) {
      continue;
    }
    const block: DecodedBlock = { offset, instructions: [], successors: [] };
    blocks.set(offset, block);
    count += decodeBlock(reader, block, entry, scope.block, owner, experience);
    accesses += block.instructions.reduce((sum, { instruction }) => sum + (instruction?.accesses ?? 0), 0);
    queue.push(...block.successors);
    const last = block.instructions[block.instructions.length - 1];
    if (last.instruction?.isCall && block.successors.length > 0 && returnSites.size < MAX_RETURN_SITES) {
      returnSites.add(last.offset + last.length);
      queue.push(last.offset + last.length);
    }
  }
  for (const block of blocks.values()) {
    if (block.instructions[block.instructions.length - 1].instruction?.isReturn) {
      block.successors = [...returnSites].filter((site) => blocks.has(site));
    }
  }
  const pages = reader.pages.map(({ address, frame, bytes }) => ({ address, frame, bytes }));
  reader.free();
  const missing = [...reader.missing];
  return { context, entry, blocks, pages, missing, continuations: continuationsOf(context, entry, blocks) };
}

function continuationsOf(context: CodeContext, entry: bigint, blocks: ReadonlyMap<number, DecodedBlock>): bigint[] {
  const found = new Set<bigint>();
  for (const { instructions, successors } of blocks.values()) {
    const { offset, length, instruction } = instructions[instructions.length - 1];
    if (instruction?.isDirectCall) {
      found.add(instruction.nearBranchTarget);
    }
    for (const next of instruction?.isCall ? [offset + length] : successors) {
      if (!blocks.has(next)) {
        found.add(ripOf(context, entry + BigInt(next)));
      }
    }
  }
  return [...found];
}

/** Decodes from the block's offset to its end; gives the number of instructions. */
function decodeBlock(
  reader: CodeReader,
  block: DecodedBlock,
  entry: bigint,
  limit: number,
  owner: Map<number, DecodedBlock>,
  experience: Experience,
): number {
  let { offset } = block;
  let page: OpenPage | null = null;
  /** Where the instruction is in its page. */
  let at = Number(reader.address(offset) % PAGE);
  for (let count = 1; ; count++) {
    if (at >= PAGE_SIZE) {
      at -= PAGE_SIZE;
      page = null;
    }
    if (count > 1 && (owner.has(offset) || count > limit || (page === null && !reader.has(reader.address(offset))))) {
      block.successors = [offset];
      return count - 1;
    }
    let decoded: Instruction | null = null;
    if (!reader.isBeyond(offset, 1)) {
      page ??= reader.page(reader.address(offset));
      decoded = page && reader.decode(page, at, offset);
    }
    const beyond = reader.isBeyond(offset, Math.max(decoded?.length ?? 1, 1));
    const instruction = beyond ? null : decoded;
    if (beyond) {
      decoded?.free();
    }
    const length = instruction?.length ?? 0;
    block.instructions.push({ offset, length, instruction, beyond });
    owner.set(offset, block);
    if (instruction === null) {
      return count;
    }
    if (endsBlock(instruction)) {
      block.successors = successorsOf(instruction, reader.rip(offset), offset + length, entry, experience);
      return count;
    }
    offset += length;
    at += length;
  }
}

/** Instructions in the longest block: what a stop between two instructions may have to run one at a time. */
export const MAX_BLOCK = 48;

/** Cuts a block in two at an instruction that something jumps to. */
function split(
  block: DecodedBlock,
  offset: number,
  blocks: Map<number, DecodedBlock>,
  owner: Map<number, DecodedBlock>,
): void {
  if (block.offset === offset) {
    return;
  }
  const at = block.instructions.findIndex((instruction) => instruction.offset === offset);
  const rest: DecodedBlock = {
    offset,
    instructions: block.instructions.splice(at),
    successors: block.successors,
  };
  block.successors = [offset];
  blocks.set(offset, rest);
  for (const instruction of rest.instructions) {
    owner.set(instruction.offset, rest);
  }
}
