import { expect, test } from "vitest";
import { attribute, COMMON_NAME, MAGIC, ORGANIZATION, oid, pkcs7, signed, text } from "../testing/make-signature";
import { readModuleSignature } from "./signature";

test("PKCS#7: signer, serial number, digest and signature come out of the message", () => {
  const message = pkcs7([
    attribute(ORGANIZATION, "Org"),
    attribute(COMMON_NAME, "Tester"),
    attribute(ORGANIZATION, "x"),
  ]);
  expect(readModuleSignature(signed([0, 0, 2, 0, 0], message))).toEqual({
    kind: "PKCS#7",
    signer: "Tester",
    key: new Uint8Array([0x9a, 0x10]),
    hash: "sha512",
    signature: new Uint8Array([1, 2, 3]),
  });
});

test("without a common name the last part of the issuer's name is the signer, as modinfo of kmod 30 shows", () => {
  const message = pkcs7([attribute(ORGANIZATION, "Org"), attribute(11, "unit")]);
  expect(readModuleSignature(signed([0, 0, 2, 0, 0], message))?.signer).toBe("unit");
});

test("the older kinds have signer and key before the signature", () => {
  expect(readModuleSignature(signed([1, 4, 1, 6, 3], [7, 8], text("ELFSignerkey")))).toEqual({
    kind: "X509",
    signer: "Signer",
    key: new Uint8Array(text("key")),
    hash: "sha256",
    signature: new Uint8Array([7, 8]),
  });
});

test.each([
  ["an unknown digest", signed([0, 0, 2, 0, 0], pkcs7([], oid(0x2a, 3)))],
  ["an unknown kind", signed([0, 0, 3, 0, 0], [1])],
  ["an unknown algorithm", signed([2, 0, 0, 0, 0], [1])],
  ["an unknown hash", signed([0, 9, 0, 0, 0], [1])],
  ["an empty signature", signed([0, 0, 0, 0, 0], [])],
  ["a signer longer than the file", signed([0, 0, 0, 200, 0], [1])],
  ["only the magic", new Uint8Array(text(MAGIC))],
  ["no magic", new Uint8Array(text("ELF, and not a word about signatures at its end"))],
])("%s is no signature", (_, bytes) => {
  expect(readModuleSignature(bytes)).toBeNull();
});

test("a PKCS#7 message cut off anywhere is no signature", () => {
  const message = pkcs7([attribute(COMMON_NAME, "Tester")]);
  for (let length = 1; length < message.length; length++) {
    expect(readModuleSignature(signed([0, 0, 2, 0, 0], message.slice(0, length)))).toBeNull();
  }
});
