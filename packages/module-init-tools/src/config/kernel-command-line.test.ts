import { expect, test } from "vitest";
import { parseKernelCommandLine } from "./kernel-command-line";

// What `modprobe -c` of kmod 30 shows for the same line.
test.each([
  ['a.b="c d" e.f=g', ['a b="c d"', "e f=g"]],
  ['"a.b=c d" e.f', ['a b="c d"', "e f"]],
  ['a.b=x"y z"w c.d', ['a b=x"y z"w', "c d"]],
  ['a.b=c d.e="f g', ["a b=c"]],
  ["  a.b\tc.d  ", ["a b", "c d"]],
])("%s", (line, options) => {
  expect(parseKernelCommandLine(line).options.map(({ module, options }) => `${module} ${options}`)).toEqual(options);
});

test("a command line may have more words than a function can have arguments", () => {
  const count = 500_000;
  const { options, blacklist } = parseKernelCommandLine(
    `${"a.b ".repeat(count)}modprobe.blacklist=${"c,".repeat(count)}d ${'"'.repeat(20_000_000)}`,
  );
  expect([options.length, blacklist.length]).toEqual([count, count + 1]);
});
