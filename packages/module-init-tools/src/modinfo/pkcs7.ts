import { decodeText } from "elf-image";
import { type DerElement, DerTag, derElementAt, derElements } from "./der";

/** What modinfo shows of a PKCS#7 signature (RFC 5652, "SignerInfo Type"), that of its first signer. */
export interface Pkcs7Signer {
  /** The issuer's common name, or the last part of its name when it has none. */
  readonly issuer: string;
  /** Serial number of the certificate: a positive number, most significant byte first. */
  readonly serial: Uint8Array;
  /** Dotted: `2.16.840.1.101.3.4.2.1`. */
  readonly digestAlgorithm: string;
  readonly signature: Uint8Array;
}

const COMMON_NAME = "2.5.4.3";

/** Reads the first signer of a PKCS#7 message; null when it is malformed or names its signer in another way. */
export function readPkcs7(bytes: Uint8Array): Pkcs7Signer | null {
  const signedData = only(childrenOf(childrenOf(derElementAt(bytes, 0))?.[1]));
  const signers = childrenOf(signedData)
    ?.slice(3)
    .find(({ tag }) => tag === DerTag.set);
  const parts = childrenOf(childrenOf(signers ?? null)?.[0]);
  if (parts === null) return null;
  const [, signerId, digest] = parts;
  const [issuer, serial] = childrenOf(signerId) ?? [];
  const [algorithm] = childrenOf(digest) ?? [];
  const signature = parts.slice(3).find(({ tag }) => tag === DerTag.octetString);
  if (serial?.tag !== DerTag.integer || algorithm?.tag !== DerTag.objectIdentifier || signature === undefined) {
    return null;
  }
  return {
    issuer: nameText(issuer),
    serial: magnitude(serial.content),
    digestAlgorithm: dotted(algorithm.content),
    signature: signature.content,
  };
}

/** A name is a sequence of sets of attributes: type and value (RFC 5280, 4.1.2.4). */
function nameText(name: DerElement | undefined): string {
  let text = "";
  for (const attribute of (childrenOf(name) ?? []).flatMap((set) => childrenOf(set) ?? [])) {
    const [type, value] = childrenOf(attribute) ?? [];
    if (type === undefined || value === undefined) continue;
    text = decodeText(value.content);
    if (dotted(type.content) === COMMON_NAME) break;
  }
  return text;
}

const CONSTRUCTED = 0x20;

function childrenOf(element: DerElement | null | undefined): DerElement[] | null {
  return element != null && (element.tag & CONSTRUCTED) !== 0 ? derElements(element.content) : null;
}

function only(elements: DerElement[] | null): DerElement | null {
  return elements?.[0] ?? null;
}

/** The number without its sign and leading zeros. */
function magnitude(integer: Uint8Array): Uint8Array {
  const negative = ((integer[0] ?? 0) & 0x80) !== 0;
  let bytes = integer.slice();
  if (negative) {
    let carry = 1;
    for (let i = bytes.length - 1; i >= 0; i--) {
      const sum = (~(bytes[i] ?? 0) & 0xff) + carry;
      bytes[i] = sum & 0xff;
      carry = sum >> 8;
    }
  }
  const first = bytes.findIndex((byte) => byte !== 0);
  bytes = bytes.subarray(first < 0 ? bytes.length : first);
  return bytes;
}

/** An object identifier's numbers: seven bits in each byte, the first two numbers in one (X.690, 8.19). */
function dotted(content: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - 40 * top, ...rest].join(".");
}
