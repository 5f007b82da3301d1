/** A thread that reads modules for another one: `parallelFactsReader` starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { packFacts } from "../depmod/packed-facts";
import type { FactsRead } from "../depmod/read-facts";
import { type FactsWork, takeTurns } from "./read-in-parallel";

void work(workerData);

async function work(shared: FactsWork): Promise<void> {
  const read = new Map<number, FactsRead>();
  for await (const [place, answer] of takeTurns(shared)) read.set(place, answer);
  const packed = packFacts(read);
  parentPort?.postMessage(packed, [packed.numbers.buffer]);
}
