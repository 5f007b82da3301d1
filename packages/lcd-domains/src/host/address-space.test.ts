import { describe, expect, it } from "vitest";
import { AddressSpan } from "./address-space";

describe("a span of addresses", () => {
  it("leaves a page between two ranges", () => {
    const span = new AddressSpan(0xffffffffa0000000n, 0x10000);
    expect(span.allocate(0x3000)).toBe(0xffffffffa0000000n);
    expect(span.allocate(0x1000)).toBe(0xffffffffa0004000n);
  });

  it("fills the first gap that is large enough", () => {
    const span = new AddressSpan(0n, 0x10000);
    const [first] = [span.allocate(0x2000), span.allocate(0x1000)];
    span.release(first, 0x2000);
    expect(span.allocate(0x3000)).toBe(0x5000n);
    expect(span.allocate(0x1000)).toBe(0n);
    expect(span.usedBytes).toBe(0x5000);
  });

  it("has an end", () => {
    const span = new AddressSpan(0n, 0x4000);
    expect(() => span.allocate(0x5000)).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
    expect(span.allocate(0x4000)).toBe(0n);
    expect(() => span.allocate(0x1000)).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
  });

  it("refuses sizes that are no pages, and ranges that it did not give", () => {
    const span = new AddressSpan(0n, 0x4000);
    for (const size of [0, -4096, 1, 4097]) {
      expect(() => span.allocate(size)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
    }
    expect(() => span.release(0n, 0x1000)).toThrowError(expect.objectContaining({ code: "EINVAL" }));
  });
});
