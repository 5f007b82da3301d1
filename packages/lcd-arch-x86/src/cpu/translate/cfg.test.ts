import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CutEdges, edgeKey, type Graph, structure } from "./cfg";

const shapeOf = (successors: number[][]) => {
  const cut: CutEdges = new Set();
  return { ...structure({ successors }, cut), cut };
};

describe("structure", () => {
  it("finds the loop header of a loop, and no merge", () => {
    // 0 -> 1 -> 2 -> 1, 2 -> 3
    const { order, isLoopHeader, isMerge, cut } = shapeOf([[1], [2], [1, 3], []]);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(isLoopHeader).toEqual([false, true, false, false]);
    expect(isMerge).toEqual([false, false, false, false]);
    expect(cut.size).toBe(0);
  });

  it("finds where the two sides of a branch meet, below the branch", () => {
    // 0 -> 1, 2 -> 3
    const { children, isMerge } = shapeOf([[1, 2], [3], [3], []]);
    expect(isMerge).toEqual([false, false, false, true]);
    expect(children[0]).toContain(3);
  });

  it("leaves out blocks that nothing leads to", () => {
    expect(shapeOf([[2], [2], []]).index[1]).toBe(-1);
  });

  it("cuts a loop that has two entries", () => {
    // 0 -> 1, 2; 1 <-> 2: neither dominates the other.
    const { cut } = shapeOf([[1, 2], [2], [1]]);
    expect(cut.size).toBe(1);
  });

  it("gives every block that can be reached a place, and leaves only backward edges that go to a dominator", () => {
    const graphs = fc
      .integer({ min: 1, max: 9 })
      .chain((count) =>
        fc.array(fc.array(fc.nat(count - 1), { maxLength: 2 }), { minLength: count, maxLength: count }),
      );
    fc.assert(
      fc.property(graphs, (successors) => {
        const cut: CutEdges = new Set();
        const { order, index, isLoopHeader } = structure({ successors }, cut);
        const kept = (from: number): number[] => successors[from].filter((to) => !cut.has(edgeKey(from, to)));
        expect(new Set(order)).toEqual(reachable({ successors: successors.map((_, from) => kept(from)) }, -1));
        for (const from of order) {
          for (const to of kept(from)) {
            if (index[to] <= index[from]) {
              expect(isLoopHeader[to]).toBe(true);
              // Without its header the rest of the loop cannot be reached: the header dominates it.
              expect(reachable({ successors: successors.map((_, block) => kept(block)) }, to).has(from)).toBe(false);
            }
          }
        }
      }),
    );
  });
});

/** Blocks that can be reached from block 0 without going through `without`. */
function reachable({ successors }: Graph, without: number): Set<number> {
  const seen = new Set<number>();
  const queue = [0];
  for (const block of queue) {
    if (block !== without && !seen.has(block)) {
      seen.add(block);
      queue.push(...successors[block]);
    }
  }
  return seen;
}
