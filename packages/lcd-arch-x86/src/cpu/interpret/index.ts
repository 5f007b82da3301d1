import type { Site } from "../ir";
import { BlockBuilder } from "../lift/builder";
import type { DecodedRegion } from "../translate/discover";
import { liftBlock, limitSite } from "../translate/lift-region";
import type { Runtime } from "../translate/runtime";
import { type Bytecode, Encoder } from "./encode";
import { CODE_START, VALUES_START } from "./layout";

/** Makes bytecode of code that runs for the first time, and runs it. */
export class Interpreter {
  private readonly encoder = new Encoder();
  private readonly code: Int32Array;
  private readonly values: BigInt64Array;

  /** @param buffer the machine's linear memory */
  constructor(
    buffer: ArrayBufferLike,
    private readonly runtime: Runtime,
  ) {
    this.code = new Int32Array(buffer);
    this.values = new BigInt64Array(buffer, 0, buffer.byteLength >>> 3);
  }

  /** Lifts a region's first block; null when it is too large to be interpreted. */
  prepare(region: DecodedRegion): { bytecode: Bytecode; sites: Site[] } | null {
    const [block] = region.blocks.values();
    const sites: Site[] = [];
    const lifted = liftBlock(region, block, new BlockBuilder(sites, region.context));
    const bytecode = this.encoder.encode(lifted, sites.push(limitSite(lifted)) - 1);
    return bytecode && { bytecode, sites };
  }

  /** Runs bytecode on the processor whose state is at `cpu`; gives its Status. */
  run({ code, constants }: Bytecode, cpu: number): number {
    this.code.set(code, (cpu + CODE_START) >>> 2);
    this.values.set(constants, (cpu + VALUES_START) >>> 3);
    return this.runtime.interpret(cpu);
  }
}
