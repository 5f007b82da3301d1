import { expect, test } from "vitest";
import { progressLine } from "./progress";

function shownAt(times: readonly number[], total = times.length): string[] {
  const written: string[] = [];
  let time = 0;
  const progress = progressLine(
    (text) => void written.push(text),
    () => time,
  );
  for (const [i, at] of times.entries()) {
    time = at;
    progress("Reading", i + 1, total);
  }
  return written;
}

test("work of less than half a second shows nothing", () => {
  expect(shownAt([0, 200, 499])).toEqual([]);
});

test("longer work shows one line ten times a second, and clears it at the end", () => {
  expect(shownAt([0, 500, 550, 600, 900])).toEqual(["\r\x1b[KReading: 2 of 5", "\r\x1b[KReading: 4 of 5", "\r\x1b[K"]);
});
