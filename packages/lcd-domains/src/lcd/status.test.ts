import { describe, expect, it } from "vitest";
import { type LcdOperation, type LcdStatus, nextStatus } from "./status";

/**
 * Seed 004, LCD STATUS: the edges of the diagram, and under it the transitions that are an error. Rows are states,
 * columns are lcd_config, lcd_run, lcd_suspend, lcd_destroy; `-` is an error.
 */
const seed = `
  E C - - D
  C - R - D
  R - - S D
  S - R - D
  D - - - -
`;
const operations: LcdOperation[] = ["lcd_config", "lcd_run", "lcd_suspend", "lcd_destroy"];
const states: Record<string, LcdStatus> = { E: "embryo", C: "configured", R: "running", S: "suspended", D: "dead" };

describe("the status of an lcd", () => {
  for (const row of seed.trim().split("\n")) {
    const [from, ...targets] = row.trim().split(" ");
    operations.forEach((operation, column) => {
      const target = targets[column];
      const status = states[from];
      it(`${operation} of an lcd that is ${status} ${target === "-" ? "is refused with EINVAL" : `makes it ${states[target]}`}`, () => {
        const act = () => nextStatus("foo", status, operation);
        if (target === "-") expect(act).toThrowError(expect.objectContaining({ code: "EINVAL" }));
        else expect(act()).toBe(states[target]);
      });
    });
  }
});
