import { expect, test } from "vitest";
import { logicalLines } from "./lines";

// What modprobe of kmod 30 makes of the same text, seen with -c and in its messages about bad lines.
test.each([
  ["a\n\nb", ["1 a", "2 ", "3 b"]],
  ["a \\\n b\nc\n", ["2 a  b", "3 c"]],
  ["a\\\n\nb\n", ["2 a", "3 b"]],
  ["a \\\n \\\n\nb\n", ["3 a  ", "4 b"]],
  ["\\\na\n", ["2 a"]],
  ["a\\\n", ["2 a"]],
  ["a\\b \\ c\n", ["1 ab  c"]],
  ["a\\\\\nb\n", ["1 a\\", "2 b"]],
  ["a\\\\\\\nb\nc\n", ["2 a\\b", "3 c"]],
  ["a\\\r\nb\n", ["1 a\r", "2 b"]],
  ["a\0b\nc\n", ["1 a", "2 c"]],
  ["", []],
])("%j", (text, lines) => {
  expect([...logicalLines(text)].map(({ line, number }) => `${number} ${line}`)).toEqual(lines);
});

test("a backslash at the very end stands for nothing", () => {
  expect([...logicalLines("a\\")]).toEqual([{ line: "a", number: 1 }]);
});

test("a line has no greatest length", () => {
  const long = "x".repeat(20_000_000);
  expect([...logicalLines(`${long}\\\n${long}\ny`)].map(({ line, number }) => [line.length, number])).toEqual([
    [40_000_000, 2],
    [1, 3],
  ]);
});
