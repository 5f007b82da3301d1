/**
 * Sorts the nodes of a graph into its strongly connected components: two are in the same one when ways lead from each to
 * the other (R. Tarjan, "Depth-first search and linear graph algorithms", 1972; without recursion, as ways may be long).
 *
 * @param next for each node, by its number, those to which an arrow leads
 * @returns for each node the number of its component
 */
export function componentsOf(next: readonly (readonly number[])[]): Int32Array {
  const component = new Int32Array(next.length).fill(-1);
  /** When a node was met, from 1; and the first met node to which a way is known. */
  const met = new Int32Array(next.length);
  const low = new Int32Array(next.length);
  const waiting: number[] = [];
  let [time, count] = [0, 0];
  for (let root = 0; root < next.length; root++) {
    if (met[root] !== 0) continue;
    const way = [{ node: root, arrow: 0 }];
    for (let step = way.at(-1); step !== undefined; step = way.at(-1)) {
      const { node } = step;
      if (step.arrow === 0) {
        met[node] = low[node] = ++time;
        waiting.push(node);
      }
      const target = next[node]?.[step.arrow++];
      if (target !== undefined) {
        if (met[target] === 0) way.push({ node: target, arrow: 0 });
        else if (component[target] === -1) low[node] = Math.min(low[node] ?? 0, met[target] ?? 0);
        continue;
      }
      if (low[node] === met[node]) {
        for (let member = waiting.pop(); member !== undefined; member = waiting.pop()) {
          component[member] = count;
          if (member === node) break;
        }
        count++;
      }
      way.pop();
      const parent = way.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
    }
  }
  return component;
}
