import { describe, expect, it } from "vitest";
import { BareMachine } from "../../testing/index";
import { MODE_64 } from "../code-mode";
import { Gpr } from "../state";
import { type DecodedRegion, discover } from "./discover";
import { type LiftedRegion, liftRegion, workOf } from "./lift-region";

const HLT = 0xf4;

/** A region of code at 0x1000, its blocks of at most 4 instructions. */
function regionOf(...code: number[]): DecodedRegion {
  const bytes = new Uint8Array(4096).fill(HLT);
  bytes.set(code);
  const scope = { instructions: 100, accesses: 100, block: 4, pages: 1 };
  const context = { mode: MODE_64, base: 0, limit: 0xffffffff };
  const region = discover((page) => (page === 0x1000n ? { bytes, frame: 1 } : null), context, 0x1000n, scope);
  if (region === null) throw new Error("there is no code");
  return region;
}

const offsets = ({ region }: LiftedRegion): number[] => [...region.blocks.keys()];
const work = ({ blocks }: LiftedRegion): number[] => blocks.map((block) => workOf(block?.statements ?? []));

describe("lifting a region", () => {
  it("lifts all of it when it is small", () => {
    const region = regionOf(...new Array(10).fill(0x90), HLT);
    expect(offsets(liftRegion(region))).toEqual([0, 4, 8]);
  });

  it("lifts no block behind so much work, and leaves the region there", () => {
    // shl eax, cl, twelve times
    const region = regionOf(...Array.from({ length: 12 }, () => [0xd3, 0xe0]).flat(), HLT);
    const [first, second] = work(liftRegion(region));
    expect(offsets(liftRegion(region, first))).toEqual([0]);
    const part = liftRegion(region, first + 1);
    expect([offsets(part), work(part), part.successors]).toEqual([
      [0, 8],
      [first, second],
      [[1], []],
    ]);
  });

  it("keeps the numbers of a graph whose middle is left out", () => {
    // test eax, eax; jz a; four INCs; a: nop; loop back to the start; hlt
    const region = regionOf(0x85, 0xc0, 0x74, 8, ...[0, 1, 2, 3].flatMap((to) => [0xff, 0xc0 | to]), 0x90, 0xe2, 0xf1);
    const whole = liftRegion(region);
    const part = liftRegion(region, 1);
    expect(offsets(whole)).toEqual([0, 12, 4, 15]);
    expect([offsets(part), part.successors, part.shape.order]).toEqual([[0], [[]], [0]]);
    for (let most = 1; most < 60; most++) {
      const { blocks, successors, shape } = liftRegion(region, most);
      expect(blocks.every((block) => block !== undefined)).toBe(true);
      expect([...shape.order].sort((a, b) => a - b)).toEqual(blocks.map((_, number) => number));
      expect(successors.flat().every((to) => to < blocks.length)).toBe(true);
    }
  });
});

describe("a loop of more work than hot code may be at once", () => {
  it("runs as it would in one piece", () => {
    // mov ecx, 1; l: rcl rax, cl, 300 times; dec edx, which keeps CF; jnz l; hlt
    const body = Array.from({ length: 300 }, () => [0x48, 0xd3, 0xd0]).flat();
    const back = -(body.length + 8);
    const code = [0xb9, 1, 0, 0, 0, ...body, 0xff, 0xca, 0x0f, 0x85, back & 0xff, (back >> 8) & 0xff, 0xff, 0xff, HLT];
    const bare = new BareMachine({ hotThreshold: 0 });
    const start = 0x0123_4567_89ab_cdefn;
    bare.cpu.gpr[Gpr.rax] = start;
    bare.cpu.gpr[Gpr.rdx] = 10n;
    expect(bare.run(code)).toEqual({ kind: "halted" });
    // 65 bits, CF above RAX, are rotated 3000 times: 3000 mod 65 is 10.
    const rotated = (start << 10n) | (start >> 55n);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(BigInt.asUintN(64, rotated));
    expect(bare.cpu.rflags & 1n).toBe((rotated >> 64n) & 1n);
    // It was more than one.
    expect(bare.machine.code.made).toBeGreaterThan(1);
  });
});
