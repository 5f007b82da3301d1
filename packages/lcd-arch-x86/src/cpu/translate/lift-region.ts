import type { IrBlock, Site, SiteCause, Statement } from "../ir";
import { BlockBuilder, type FlagShape, flagShape } from "../lift/builder";
import { liftInstruction } from "../lift/index";
import { type CutEdges, type Graph, type Structure, structure } from "./cfg";
import { ripOf } from "./code-context";
import type { Decoded, DecodedBlock, DecodedRegion } from "./discover";

/** A region's blocks by number, in the order in which they were found, and how control goes from one to another. */
interface RegionGraph extends Graph {
  shape: Structure;
  /** Edges on which control leaves the region. */
  cut: CutEdges;
}

export interface LiftedRegion extends RegionGraph {
  /** What was lifted. */
  region: DecodedRegion;
  /** Undefined where only a cut edge leads. */
  blocks: (IrBlock | undefined)[];
  sites: Site[];
}

/** Lifts a region. @param most no block is lifted behind so much work (`workOf`): the region ends there */
export function liftRegion(region: DecodedRegion, most = Number.POSITIVE_INFINITY): LiftedRegion {
  const graph = graphOf(region);
  const sites: Site[] = [];
  const blocks = liftBlocks(region, graph, sites, most);
  const lifted = [...region.blocks].filter((_, number) => blocks[number] !== undefined);
  if (lifted.length === graph.shape.order.length) {
    return { region, ...graph, blocks, sites };
  }
  const part = { ...region, blocks: new Map(lifted) };
  return { region: part, ...graphOf(part), blocks: blocks.filter((block) => block !== undefined), sites };
}

function graphOf(region: DecodedRegion): RegionGraph {
  const decoded = [...region.blocks.values()];
  const numbers = new Map(decoded.map((block, number) => [block.offset, number] as const));
  const successors = decoded.map((block) =>
    block.successors.map((offset) => numbers.get(offset)).filter((number) => number !== undefined),
  );
  const cut: CutEdges = new Set();
  return { successors, shape: structure({ successors }, cut), cut };
}

/** Lifts blocks in an order in which a block's only predecessor comes before it. */
function liftBlocks(
  region: DecodedRegion,
  { successors, shape }: RegionGraph,
  sites: Site[],
  most: number,
): (IrBlock | undefined)[] {
  const decoded = [...region.blocks.values()];
  const predecessors: number[][] = decoded.map(() => []);
  successors.forEach((list, from) => {
    for (const to of list) {
      predecessors[to].push(from);
    }
  });
  const shapes: (FlagShape | null)[] = decoded.map(() => null);
  const blocks: (IrBlock | undefined)[] = decoded.map(() => undefined);
  let work = 0;
  for (const index of shape.order) {
    const only = predecessors[index].length === 1 && index !== 0 ? predecessors[index][0] : -1;
    const builder = new BlockBuilder(sites, region.context, only >= 0 ? shapes[only] : null);
    const block = liftBlock(region, decoded[index], builder);
    blocks[index] = block;
    shapes[index] = flagShape(builder.flags);
    work += workOf(block.statements);
    if (work >= most) {
      break;
    }
  }
  return blocks;
}

/** What an access to memory is to the compiler, in other statements: it becomes that much code. */
const ACCESS = 10;

/** How much compiling the statements takes, in statements that access no memory. */
export const workOf = (statements: readonly Statement[]): number =>
  statements.reduce((sum, { kind }) => sum + (kind === "load" || kind === "store" ? ACCESS : 1), 0);

/** Lifts one block of a region. */
export function liftBlock(region: DecodedRegion, decoded: DecodedBlock, builder: BlockBuilder): IrBlock {
  const at = (offset: number): bigint => ripOf(region.context, region.entry + BigInt(offset));
  decoded.instructions.forEach((instruction, index) => {
    builder.beginInstruction(at(instruction.offset), instruction.length, index);
    liftDecoded(builder, instruction);
  });
  const last = decoded.instructions[decoded.instructions.length - 1];
  return builder.finish(at(decoded.offset), decoded.instructions.length, at(last.offset + last.length));
}

/** Lifts an instruction, or what happens where there is none: #GP(0) beyond the limit of CS, a fetch that fails. */
export function liftDecoded(builder: BlockBuilder, { instruction, beyond }: Decoded): void {
  if (instruction !== null) {
    liftInstruction(builder, instruction);
    return;
  }
  const cause: SiteCause = beyond ? { kind: "exception", vector: 13, errorCode: 0 } : { kind: "fetch" };
  builder.terminator = { kind: "stop", site: builder.site(cause) };
}

/** Where a block stops at its start, because not all of it may run. */
export const limitSite = ({ rip, count }: IrBlock): Site => ({
  rip,
  length: 0,
  uncount: count,
  cause: { kind: "limit", repeating: false },
});
