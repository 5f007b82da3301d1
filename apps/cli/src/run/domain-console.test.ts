import { describe, expect, it } from "vitest";
import { lcd } from "../program";
import { testModule } from "../testing/module-files";

describe("a domain that prints faster than anybody reads", () => {
  it("is suspended until the reader has caught up", async () => {
    let printed = 0;
    let waiting = false;
    const code = await lcd(["run", testModule("putchar-loop"), "times=200"], {
      stdout: (data) => {
        expect(waiting).toBe(false);
        printed += data.length;
        waiting = true;
        return false;
      },
      drained: () =>
        new Promise((resolve) =>
          setTimeout(() => {
            waiting = false;
            resolve();
          }, 1),
        ),
      stderr: () => {},
      cwd: "/",
      environment: {},
    });
    expect([code, printed]).toEqual([0, 201]);
  });
});
