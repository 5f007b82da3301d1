import { describe, expect, it } from "vitest";
import { LockHolder, Mutex } from "./lock";

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

describe("a mutex", () => {
  it("lets one in at a time, first come first served", async () => {
    const lock = new Mutex("lock", 1);
    const seen: string[] = [];
    const visit = (name: string) =>
      lock.with(new LockHolder(name), async () => {
        seen.push(`${name} in`);
        await tick();
        seen.push(`${name} out`);
      });
    await Promise.all([visit("a"), visit("b"), visit("c")]);
    expect(seen).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    expect(lock.locked).toBe(false);
  });

  it("comes back when its body fails", async () => {
    const lock = new Mutex("lock", 1);
    const failing = lock.with(new LockHolder("a"), () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await lock.with(new LockHolder("b"), () => "yes")).toBe("yes");
  });

  it("may be taken inside one of a lower rank only", async () => {
    const [low, high] = [new Mutex("low", 1), new Mutex("high", 2)];
    const holder = new LockHolder("a");
    expect(await low.with(holder, () => high.with(holder, () => "both"))).toBe("both");
    const wrong = high.with(holder, () => low.with(holder, () => "never"));
    await expect(wrong).rejects.toMatchObject({ code: "EDEADLK" });
    await expect(low.with(holder, () => low.with(holder, () => "never"))).rejects.toMatchObject({ code: "EDEADLK" });
    expect(holder.rank).toBe(0);
  });
});
