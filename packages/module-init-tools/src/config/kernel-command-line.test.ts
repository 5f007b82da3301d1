import { encodeText } from "elf-image";
import { expect, test } from "vitest";
import { parseKernelCommandLine } from "./kernel-command-line";

// What `modprobe -c` of kmod 30 shows for the same line.
test.each([
  ['a.b="c d" e.f=g', ['a b="c d"', "e f=g"]],
  ['"a.b=c d" e.f', ['a b="c d"', "e f"]],
  ['a.b=x"y z"w c.d', ['a b=x"y z"w', "c d"]],
  ['a.b=c d.e="f g', ["a b=c"]],
  ["  a.b\tc.d  ", ["a b", "c d"]],
  ["a.b=1\nc.d=2\n", ["a b=1", "c d=2"]],
  ['"a.b=c\td"e f.g', ['a b="c d"e', "f g"]],
  ['" a.b=c" "d .e=f" "g.h i=j" k."l m"=n o.p', ["o p"]],
  ["a.b=1\0c.d=2", ["a b=1"]],
  [`${"x".repeat(4090)} a.bcd=1`, ["a bc"]],
  [`${"\u00e9".repeat(2045)} a.bcd=1`, ["a bc"]],
])("%s", (line, options) => {
  expect(parseKernelCommandLine(encodeText(line)).options.map(({ module, options }) => `${module} ${options}`)).toEqual(
    options,
  );
});

// As above.
test("a blacklist in quotes keeps both of them", () => {
  expect(parseKernelCommandLine(encodeText('modprobe.blacklist=a,b-c "modprobe.blacklist=d e"')).blacklist).toEqual([
    "a",
    "b-c",
    '"d e"',
  ]);
});

test("only as much is read as a kernel's command line can have", () => {
  const long = `${"a.b ".repeat(500_000)}${'"'.repeat(20_000_000)}`;
  expect(parseKernelCommandLine(encodeText(long)).options).toHaveLength(Math.ceil(4095 / "a.b ".length));
});
