import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { DomainCallError } from "./call-error";
import { DomainModule } from "./domain-module";

describe("a module whose functions are called", () => {
  it("gives what its functions return", async () => {
    const host = testHost();
    const answer = await DomainModule.load(host, "answer");
    const ask = answer.function("answer");
    expect(await ask(6)).toBe(42n);
    expect(await ask(0)).toBe(6n);
    // int: -2 * 6 + 6 = -6, in the low 32 bits.
    expect(BigInt.asIntN(32, await ask(-2))).toBe(-6n);
    answer.destroy();
    expect(host.accounting().domains).toBe(0);
  });

  it("gets buffers, and leaves its results in them", async () => {
    const host = testHost();
    const runtime = await DomainModule.load(host, "hello");
    const from = runtime.bufferOf(new TextEncoder().encode("x".repeat(5000)));
    const to = runtime.allocate(6000);
    const memcpy = runtime.function("memcpy");
    expect(await memcpy(to, from, 5000)).toBe(to.address);
    expect(new TextDecoder().decode(to.read(0, 5001))).toBe(`${"x".repeat(5000)}\0`);
    expect(() => to.read(5999, 2)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    runtime.destroy();
    expect(() => to.read()).toThrowError(expect.objectContaining({ code: "EBADF" }));
  });

  it("has no function of a name that it has not", async () => {
    const module = await DomainModule.load(testHost(), "answer");
    expect(() => module.function("question")).toThrowError(expect.objectContaining({ code: "ENOENT" }));
    module.destroy();
  });

  it("runs one call at a time", async () => {
    const module = await DomainModule.load(testHost(), "answer");
    const answer = module.function("answer");
    const first = answer(1);
    await expect(answer(2)).rejects.toMatchObject({ code: "EBUSY" });
    expect(await first).toBe(12n);
    module.destroy();
  });

  it("takes six arguments and no more", async () => {
    const module = await DomainModule.load(testHost(), "answer");
    const answer = module.function("answer");
    expect(await answer(6, 0, 0, 0, 0, 0)).toBe(42n);
    await expect(answer(6, 0, 0, 0, 0, 0, 0)).rejects.toMatchObject({ code: "EINVAL" });
    expect(await answer(6)).toBe(42n);
    module.destroy();
  });

  it("cannot be called any more after a fault, and says why", async () => {
    const module = await DomainModule.load(testHost(), "null-pointer");
    const init = module.function("init_module");
    const error = await init().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainCallError);
    expect(String(error)).toMatch(
      /init_module of domain null_pointer did not return: page fault \(#PF, error code 0x0\)/,
    );
    await expect(init()).rejects.toMatchObject({ code: "EINVAL" });
    module.destroy();
  });

  it("is limited in each call by the fuel that was given", async () => {
    const module = await DomainModule.load(testHost(), "spin", { fuel: 10_000 });
    expect(await module.call("init_module")).toEqual({ kind: "killed", reason: "fuel" });
    module.destroy();
  });
});
