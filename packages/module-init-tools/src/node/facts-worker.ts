/** A thread that reads modules for another one: {@link readFactsInParallel} starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { packFacts } from "../depmod/packed-facts";
import type { FactsRead } from "../depmod/read-facts";
import { type FactsWork, takeTurns } from "./read-in-parallel";

const work: FactsWork = workerData;
const read = new Map<number, FactsRead>();
for await (const [place, answer] of takeTurns(work)) read.set(place, answer);
const packed = packFacts(read);
parentPort?.postMessage(packed, [packed.numbers.buffer]);
