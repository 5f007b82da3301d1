/** What ends a signed module. */
export const MAGIC = "~Module signature appended~\n";
/** Bytes of a text. */
export const text = (string: string) => [...new TextEncoder().encode(string)];

/** A module with a signature behind it: content, signature, trailer (algorithm, hash, kind, lengths), magic. */
export function signed(
  trailer: readonly number[],
  signature: readonly number[],
  before: Iterable<number> = text("ELF..."),
): Uint8Array {
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
/** An object identifier, by its bytes. */
export const oid = (...bytes: number[]) => der(0x06, bytes);
/** A part of a name, by the last number of its type. */
export const attribute = (type: number, value: string) => set(sequence(oid(0x55, 4, type), der(0x0c, text(value))));
export const COMMON_NAME = 3;
export const ORGANIZATION = 10;
const SHA512 = oid(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3);

/** RFC 5652: ContentInfo with SignedData with one SignerInfo. */
export function pkcs7(issuer: readonly number[][], digest = SHA512): number[] {
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
