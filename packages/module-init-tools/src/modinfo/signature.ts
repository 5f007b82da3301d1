import { decodeText } from "elf-image";
import { readPkcs7 } from "./pkcs7";

/** A signature at the end of a module file. */
export interface ModuleSignature {
  /** How it is written down. */
  readonly kind: "PGP" | "X509" | "PKCS#7";
  /** Who signed: for PKCS#7 the certificate's issuer, by its common name if it has one. */
  readonly signer: string;
  /** Identifies the key: for PKCS#7 the serial number of the certificate. */
  readonly key: Uint8Array;
  /** `sha256`, ... */
  readonly hash: string;
  readonly signature: Uint8Array;
}

/** What the last bytes of a signed module are (Linux, scripts/sign-file). */
const MAGIC = new TextEncoder().encode("~Module signature appended~\n");

/** Before the magic: algorithm, hash, kind, lengths of signer and key, three unused, length of the signature (BE). */
const TRAILER_SIZE = 12;

const ALGORITHM_COUNT = 2;
const HASHES = ["md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224", "sm3"] as const;
const KINDS = ["PGP", "X509", "PKCS#7"] as const;

/** Object identifiers of digests (RFC 8017, appendix B.1; TeleTrusT; GM/T 0006). */
const DIGESTS: Readonly<Record<string, (typeof HASHES)[number]>> = {
  "1.2.840.113549.2.4": "md4",
  "1.2.840.113549.2.5": "md5",
  "1.3.14.3.2.26": "sha1",
  "1.3.36.3.2.1": "rmd160",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
  "2.16.840.1.101.3.4.2.4": "sha224",
  "1.2.156.10197.1.401": "sm3",
};

/**
 * Decodes the signature that stands behind a module. It is not verified.
 *
 * @param bytes the whole file, decompressed
 * @returns null when there is none, or none that can be read
 */
export function readModuleSignature(bytes: Uint8Array): ModuleSignature | null {
  const end = bytes.length - MAGIC.length - TRAILER_SIZE;
  if (end < 0 || !MAGIC.every((byte, i) => bytes[bytes.length - MAGIC.length + i] === byte)) return null;
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_SIZE);
  const hash = HASHES[trailer.getUint8(1)];
  const kind = KINDS[trailer.getUint8(2)];
  const signerLength = trailer.getUint8(3);
  const keyLength = trailer.getUint8(4);
  const length = trailer.getUint32(8, false);
  if (trailer.getUint8(0) >= ALGORITHM_COUNT || hash === undefined || kind === undefined) return null;
  if (length === 0 || signerLength + keyLength + length > end) return null;
  const signature = bytes.subarray(end - length, end);
  if (kind === "PKCS#7") return pkcs7Signature(signature);
  const keyStart = end - length - keyLength;
  return {
    kind,
    signer: decodeText(bytes.subarray(keyStart - signerLength, keyStart)),
    key: bytes.subarray(keyStart, keyStart + keyLength),
    hash,
    signature,
  };
}

function pkcs7Signature(message: Uint8Array): ModuleSignature | null {
  const signer = readPkcs7(message);
  const hash = signer === null ? undefined : DIGESTS[signer.digestAlgorithm];
  if (signer === null || hash === undefined) return null;
  const { issuer, serial, signature } = signer;
  return { kind: "PKCS#7", signer: issuer, key: serial, hash, signature };
}
