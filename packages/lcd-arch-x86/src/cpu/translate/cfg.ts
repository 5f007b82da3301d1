/** A control-flow graph by block number; block 0 is the entry. */
export interface Graph {
  successors: readonly (readonly number[])[];
}

/** What structured control flow needs to know of a graph. */
export interface Structure {
  /** Reachable blocks in reverse postorder. */
  order: number[];
  /** Place of each block in `order`, or -1 when it cannot be reached. */
  index: number[];
  /** Blocks that each block immediately dominates, in reverse postorder. */
  children: number[][];
  /** Blocks that an edge from behind comes back to. */
  isLoopHeader: boolean[];
  /** Blocks with two or more edges from before. */
  isMerge: boolean[];
}

/** Tells whether the edge may be followed inside the graph; edges that make it irreducible are taken out. */
export type CutEdges = Set<string>;

export const edgeKey = (from: number, to: number): string => `${from}>${to}`;

/**
 * Orders a graph for structured code. An edge backwards to a block that does not dominate its source would make the
 * graph irreducible: such edges are added to `cut`, for the caller to leave the region there instead.
 */
export function structure(graph: Graph, cut: CutEdges): Structure {
  for (;;) {
    const order = reversePostorder(graph, cut);
    const index = new Array<number>(graph.successors.length).fill(-1);
    order.forEach((block, place) => {
      index[block] = place;
    });
    const dominator = dominators(graph, cut, order, index);
    const found = describe(graph, cut, order, index, dominator);
    if (found !== null) {
      return found;
    }
  }
}

function reversePostorder(graph: Graph, cut: CutEdges): number[] {
  const seen = new Set<number>([0]);
  const order: number[] = [];
  const stack: { block: number; next: number }[] = [{ block: 0, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const successors = graph.successors[top.block];
    if (top.next === successors.length) {
      order.push(top.block);
      stack.pop();
      continue;
    }
    const to = successors[top.next++];
    if (!seen.has(to) && !cut.has(edgeKey(top.block, to))) {
      seen.add(to);
      stack.push({ block: to, next: 0 });
    }
  }
  return order.reverse();
}

/** Immediate dominators, by the iterative algorithm of Cooper, Harvey and Kennedy. */
function dominators(graph: Graph, cut: CutEdges, order: readonly number[], index: readonly number[]): number[] {
  const predecessors: number[][] = graph.successors.map(() => []);
  for (const block of order) {
    for (const to of graph.successors[block]) {
      if (!cut.has(edgeKey(block, to))) {
        predecessors[to].push(block);
      }
    }
  }
  const dominator = new Array<number>(graph.successors.length).fill(-1);
  dominator[0] = 0;
  const meet = (a: number, b: number): number => {
    let left = a;
    let right = b;
    while (left !== right) {
      while (index[left] > index[right]) {
        left = dominator[left];
      }
      while (index[right] > index[left]) {
        right = dominator[right];
      }
    }
    return left;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order) {
      if (block === 0) {
        continue;
      }
      let best = -1;
      for (const from of predecessors[block]) {
        if (dominator[from] !== -1) {
          best = best === -1 ? from : meet(best, from);
        }
      }
      if (dominator[block] !== best) {
        dominator[block] = best;
        changed = true;
      }
    }
  }
  return dominator;
}

function describe(
  graph: Graph,
  cut: CutEdges,
  order: number[],
  index: number[],
  dominator: readonly number[],
): Structure | null {
  const count = graph.successors.length;
  const isLoopHeader = new Array<boolean>(count).fill(false);
  const forward = new Array<number>(count).fill(0);
  const dominates = (a: number, b: number): boolean => {
    let at = b;
    while (index[at] > index[a]) {
      at = dominator[at];
    }
    return at === a;
  };
  let reducible = true;
  for (const block of order) {
    for (const to of graph.successors[block]) {
      if (cut.has(edgeKey(block, to))) {
        continue;
      }
      if (index[to] > index[block]) {
        forward[to]++;
      } else if (dominates(to, block)) {
        isLoopHeader[to] = true;
      } else {
        cut.add(edgeKey(block, to));
        reducible = false;
      }
    }
  }
  if (!reducible) {
    return null;
  }
  const children: number[][] = graph.successors.map(() => []);
  for (const block of order) {
    if (block !== 0) {
      children[dominator[block]].push(block);
    }
  }
  return { order, index, children, isLoopHeader, isMerge: forward.map((edges) => edges > 1) };
}
