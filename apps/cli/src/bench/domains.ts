import { Worker } from "node:worker_threads";
import { lcd_create, lcd_destroy, lcd_thread_start, lcd_thread_wait } from "lcd-domains";
import { MIB } from "../command/quantity";
import { bootWithModules, type EmulatedHost } from "../host/emulated-host";
import { findModule } from "../module-files/find-module";
import { type Measurement, median } from "./measure";

const WARM_UP = 100;
const DOMAINS = 300;
const WORKERS = 15;

/** Creating a domain from `hello`, running it and destroying it, against starting a Worker and waiting for its end. */
export async function measureDomains(): Promise<Measurement> {
  const host = bootWithModules(await findModule("hello", [], "/"), { memory: 64 * MIB, cpus: 2 });
  await times(WARM_UP, () => oneDomain(host));
  const fresh = median(await times(DOMAINS, () => oneDomain(host)));
  const other = await lcd_create(host.kernel, "hello");
  const shared = median(await times(DOMAINS, () => oneDomain(host)));
  lcd_destroy(other);
  host.kernel.shutdown();
  await times(3, oneWorker);
  const worker = median(await times(WORKERS, oneWorker));
  const ratio = worker / fresh;
  return {
    title: "create a domain, run hello in it and destroy it, against a Worker's start and end",
    name: "domains",
    ratio,
    unit: "times as fast",
    goal: "at least 20",
    met: ratio >= 20,
    parts: [
      { name: "domain, its module loaded and unloaded", value: fresh, unit: "ms" },
      { name: "domain, its module there already", value: shared, unit: "ms" },
      { name: "Worker", value: worker, unit: "ms" },
    ],
  };
}

/** Milliseconds that each of so many turns took. */
async function times(count: number, act: () => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await act();
    taken.push(performance.now() - start);
  }
  return taken;
}

async function oneDomain({ kernel }: EmulatedHost): Promise<void> {
  const lcd = await lcd_create(kernel, "hello");
  lcd_thread_start(lcd.init_thread);
  await lcd_thread_wait(lcd.init_thread);
  lcd_destroy(lcd);
}

function oneWorker(): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker("", { eval: true });
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}
