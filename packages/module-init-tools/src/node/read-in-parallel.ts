import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { NamePool } from "elf-image";
import type { ReadFactsOptions } from "../depmod/module-facts";
import { type PackedFacts, unpackFacts } from "../depmod/packed-facts";
import { type FactsRead, type FactsReader, type FactsWanted, readFacts } from "../depmod/read-facts";
import { nodeFiles } from "../files/node-files";

/** Threads besides our own, at most: each may have to keep the largest module there is, twice. */
const MOST_WORKERS = 3;

/**
 * Threads are started when reading has shown that it takes long: modules that are not compressed and in the page cache
 * are read in less time than threads need to start and to send what they have read. Milliseconds.
 */
const LOOK_AFTER = 200;
const WORTH_THREADS = 2000;

/** Modules that a thread takes at a time. */
const BATCH = 16;

/** Built beside the file that this stands in, or one directory up; not there where sources are run. */
const WORKERS = ["./facts-worker.js", "../facts-worker.js", "./facts-worker.cjs"].map(
  (name) => new URL(name, import.meta.url),
);

/** What a thread is started with. */
export interface FactsWork {
  readonly paths: readonly string[];
  /** The first of the paths that nobody has taken yet, shared by all threads. */
  readonly next: Int32Array;
  readonly wanted: Omit<ReadFactsOptions, "pool" | "fetch">;
}

/**
 * Reads modules of the real file system on all processors: this thread and others take them in turns.
 *
 * @param worthThreads milliseconds that reading has to take yet for other threads to be started
 */
export function parallelFactsReader(worthThreads = WORTH_THREADS): FactsReader {
  return (paths, wanted) => readInParallel(paths, wanted, worthThreads);
}

async function readInParallel(
  paths: readonly string[],
  { progress, ...wanted }: FactsWanted,
  worthThreads: number,
): Promise<FactsRead[]> {
  const work: FactsWork = { paths, next: new Int32Array(new SharedArrayBuffer(4)), wanted };
  const started = performance.now();
  let others: Promise<PackedFacts | null>[] | null = null;
  const read: FactsRead[] = [];
  for await (const [place, answer] of takeTurns(work)) {
    read[place] = answer;
    const taken = Math.min(Atomics.load(work.next, 0), paths.length);
    progress?.(taken);
    const elapsed = performance.now() - started;
    if (others !== null || elapsed < Math.min(LOOK_AFTER, worthThreads)) continue;
    const isLong = (elapsed * (paths.length - taken)) / taken > worthThreads;
    others = isLong ? startWorkers(work) : [];
  }
  for (const packed of await Promise.all(others ?? [])) {
    if (packed !== null) for (const [place, answer] of unpackFacts(packed)) read[place] = answer;
  }
  for (const [place, path] of paths.entries()) read[place] ??= await readFacts(nodeFiles, path, wanted);
  return read;
}

/** Reads modules as long as there are some that nobody else has taken. */
export async function* takeTurns({ paths, next, wanted }: FactsWork): AsyncIterable<[place: number, FactsRead]> {
  const options = { pool: new NamePool(), ...wanted };
  for (;;) {
    const first = Atomics.add(next, 0, BATCH);
    if (first >= paths.length) return;
    for (const [i, path] of paths.slice(first, first + BATCH).entries()) {
      yield [first + i, await readFacts(nodeFiles, path, options)];
    }
  }
}

function startWorkers(work: FactsWork): Promise<PackedFacts | null>[] {
  const file = WORKERS.find((url) => existsSync(url));
  const length = Math.min(availableParallelism() - 1, MOST_WORKERS);
  return file === undefined ? [] : Array.from({ length }, () => startWorker(file, work));
}

/** @returns what the thread has read; null when it could not be started, or ended early (no memory left) */
function startWorker(file: URL, work: FactsWork): Promise<PackedFacts | null> {
  return new Promise((resolve) => {
    const worker = new Worker(file, { workerData: work });
    worker.once("message", resolve);
    worker.once("error", () => resolve(null));
    worker.once("exit", () => resolve(null));
  });
}
