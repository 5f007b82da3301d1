import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText, encodeText } from "./text";

test("UTF-8 is text", () => {
  expect(decodeText(new TextEncoder().encode("Jörg 🐧"))).toBe("Jörg 🐧");
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe("\ufeffA");
});

test("a byte that is no UTF-8 becomes one character, the UTF-8 around it stays text", () => {
  // Latin 1 for "ö", then UTF-8 for it.
  expect(decodeText(Uint8Array.of(0x4a, 0xf6, 0x72, 0xc3, 0xb6))).toBe("J\udcf6rö");
  // A surrogate in UTF-8's way, and "/" in two bytes: neither is UTF-8 (RFC 3629, 3 and 4).
  expect(decodeText(Uint8Array.of(0xed, 0xb2, 0x80))).toBe("\udced\udcb2\udc80");
  expect(decodeText(Uint8Array.of(0xc0, 0xaf))).toBe("\udcc0\udcaf");
});

test("any bytes come back as they were", () => {
  const bytes = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xf4)), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(bytes, (given) => {
      expect([...encodeText(decodeText(Uint8Array.from(given)))]).toEqual(given);
    }),
  );
});

test("what is UTF-8 is decoded as the platform decodes it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(decodeText(new TextEncoder().encode(text))).toBe(text);
      expect(encodeText(text)).toEqual(new TextEncoder().encode(text));
    }),
  );
});
