import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runLcd } from "../testing/run-lcd";
import { formatMeasurement, median } from "./measure";

const built = existsSync(new URL("../../dist/main.cjs", import.meta.url));

describe("lcd bench", () => {
  it("tells a ratio, what it should be, and where it comes from", () => {
    const measurement = {
      title: "lcd run hello, against node -e 0",
      name: "start",
      ratio: 3.456,
      unit: "times its time",
      goal: "at most 4",
      met: true,
      parts: [
        { name: "lcd run hello", value: 170.2, unit: "ms" },
        { name: "node -e 0", value: 49.3, unit: "ms" },
      ],
    } as const;
    expect(formatMeasurement(measurement)).toBe(
      "lcd run hello, against node -e 0: 3.5 times its time (goal: at most 4)\n" +
        "    lcd run hello 170 ms, node -e 0 49 ms\n",
    );
    expect(formatMeasurement({ ...measurement, ratio: 5, met: false })).toContain("(goal: at most 4; missed)");
  });

  it("takes the middle one of several times", () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it.skipIf(!built)("measures the command as it was built", { timeout: 60_000 }, async () => {
    const { code, stdout } = await runLcd(["bench", "--only", "start,memory", "--repeat", "1", "--json"]);
    expect(code).toBe(0);
    const { results } = JSON.parse(stdout);
    expect(results).toMatchObject([{ name: "start" }, { name: "memory", met: true }]);
    expect(results[0].ratio).toBeGreaterThan(1);
  });

  it("knows its parts", async () => {
    expect(await runLcd(["bench", "--only", "luck"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("start, domains, memory, workloads"),
    });
  });
});
