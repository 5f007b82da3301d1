import { expect, test } from "vitest";
import { readModuleSignature } from "./signature";

const MAGIC = "~Module signature appended~\n";
const text = (string: string) => [...new TextEncoder().encode(string)];

/** A module with a signature behind it: content, signature, trailer (algorithm, hash, kind, lengths), magic. */
function signed(trailer: readonly number[], signature: readonly number[], before = text("ELF...")): Uint8Array {
  const { length } = signature;
  return new Uint8Array([
    ...before,
    ...signature,
    ...trailer,
    0,
    0,
    0,
    0,
    0,
    length >> 8,
    length & 255,
    ...text(MAGIC),
  ]);
}

/** DER: tag, length, content (X.690); contents here are shorter than 128 bytes or 256. */
function der(tag: number, ...content: number[][]): number[] {
  const bytes = content.flat();
  return [tag, ...(bytes.length < 128 ? [] : [0x81]), bytes.length, ...bytes];
}

const sequence = (...content: number[][]) => der(0x30, ...content);
const set = (...content: number[][]) => der(0x31, ...content);
const oid = (...bytes: number[]) => der(0x06, bytes);
const attribute = (type: number, value: string) => set(sequence(oid(0x55, 4, type), der(0x0c, text(value))));
const COMMON_NAME = 3;
const ORGANIZATION = 10;
const SHA512 = oid(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3);

/** RFC 5652: ContentInfo with SignedData with one SignerInfo. */
function pkcs7(issuer: readonly number[][], digest = SHA512): number[] {
  const signer = sequence(
    der(2, [1]),
    sequence(sequence(...issuer), der(2, [0, 0x9a, 0x10])),
    sequence(digest, der(5)),
    sequence(oid(0x2a, 1), der(5)),
    der(4, [1, 2, 3]),
  );
  const data = sequence(der(2, [1]), set(sequence(digest)), sequence(oid(0x2a, 2)), set(signer));
  return sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2), der(0xa0, data));
}

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
