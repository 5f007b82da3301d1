import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCount, parseSeconds, parseSize } from "./quantity";

describe("quantities on the command line", () => {
  it("are powers of 1024 for bytes and of 1000 for instructions", () => {
    expect(["4096", "64K", "64M", "1G", "2MiB", "3kb"].map(parseSize)).toEqual([
      4096, 65536, 67108864, 1073741824, 2097152, 3072,
    ]);
    expect(["1", "10K", "5m", "2G"].map(parseCount)).toEqual([1, 10_000, 5_000_000, 2_000_000_000]);
    expect(["10", "0.5", ".25"].map(parseSeconds)).toEqual([10, 0.5, 0.25]);
  });

  it("are refused when they are none, are not positive, or are too large to count", () => {
    for (const text of ["", "M", "-1", "1.5M", "1T", "0x10", "99999999999999999G"]) {
      expect(() => parseSize(text)).toThrow(InvalidArgumentError);
      expect(() => parseCount(text)).toThrow(InvalidArgumentError);
    }
    for (const text of ["0", "0K"]) expect(() => parseCount(text)).toThrow(InvalidArgumentError);
    for (const text of ["0", "1e3", "-1", "soon", "Infinity", "2147484"]) expect(() => parseSeconds(text)).toThrow();
  });

  it("are read or refused, whatever is typed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseSize, parseCount, parseSeconds]) {
          try {
            expect(parse(text)).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidArgumentError);
          }
        }
      }),
    );
  });
});
