import { expect, it } from "vitest";
import { KthreadTable } from "./kthread";
import { Mutex } from "./lock";

it("a kthread is code that runs until it is asked to stop, and holds locks under its own name", async () => {
  const kthreads = new KthreadTable();
  const lock = new Mutex("lock", 1);
  let turns = 0;
  const worker = kthreads.run("worker", async (self) => {
    while (!self.shouldStop) {
      await lock.with(self.locks, () => {
        if (++turns === 3) self.stop();
      });
    }
    return `${self.name} stopped`;
  });
  expect(kthreads.count).toBe(1);
  expect(await worker).toBe("worker stopped");
  expect(turns).toBe(3);
  expect(kthreads.count).toBe(0);
});

it("a kthread that fails is gone too", async () => {
  const kthreads = new KthreadTable();
  const failing = kthreads.run("failing", () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(kthreads.count).toBe(0);
});
