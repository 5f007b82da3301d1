import { describe, expect, it } from "vitest";
import { ImageCache } from "./image-cache";
import { fixture } from "./testing/test-host";

describe("a cache of module images", () => {
  it("gives the same image for the same bytes, wherever they are", () => {
    const cache = new ImageCache();
    expect(cache.open(fixture("linked.ko").slice(), "linked")).toBe(cache.open(fixture("linked.ko").slice(), "linked"));
  });

  it("takes apart again what differs in one byte, or has another name", () => {
    const cache = new ImageCache();
    const image = cache.open(fixture("linked.ko"), "linked");
    const other = fixture("linked.ko").slice();
    other[other.length - 1] ^= 1;
    expect(cache.open(other, "linked")).not.toBe(image);
    expect(cache.open(fixture("linked.ko"), "another")).not.toBe(image);
  });

  it("does not see what becomes of the bytes that it was given", () => {
    const cache = new ImageCache();
    const bytes = fixture("linked.ko").slice();
    const image = cache.open(bytes, "linked");
    bytes.fill(0);
    expect(cache.open(fixture("linked.ko"), "linked")).toBe(image);
    expect(() => cache.open(bytes, "linked")).toThrow(/invalid module format/);
  });

  it("forgets images that it has not seen for long", () => {
    const cache = new ImageCache();
    const image = cache.open(fixture("linked.ko"), "linked");
    for (let i = 0; i < 8; i++) cache.open(fixture("linked.ko"), `other${i}`);
    expect(cache.open(fixture("linked.ko"), "linked")).not.toBe(image);
  });
});
