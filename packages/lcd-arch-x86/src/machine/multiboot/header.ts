import { MultibootError } from "./error";

/** Values that the header and the registers at entry carry (Multiboot 0.6.96, 3.1.1 and 3.2). */
export const MULTIBOOT_HEADER_MAGIC = 0x1badb002;
export const MULTIBOOT_BOOT_MAGIC = 0x2badb002;

/** Flags of the header: what the kernel needs (3.1.2). */
export const HeaderFlag = {
  pageAlignModules: 1 << 0,
  memoryInformation: 1 << 1,
  /** A video mode is asked for; there is no screen, and the information says so, as QEMU's loader does. */
  videoMode: 1 << 2,
  /** The address fields are valid: load by them, whatever format the file has. */
  addresses: 1 << 16,
} as const;

/** Flags 0 to 15 that a loader has to understand to load the kernel. */
const REQUIRED_KNOWN = HeaderFlag.pageAlignModules | HeaderFlag.memoryInformation | HeaderFlag.videoMode;
const REQUIRED = 0xffff;

/** The header lies in the first 8192 bytes of the file, 4-byte aligned (3.1). */
const SEARCHED = 8192;
const BASIC_SIZE = 12;
const WITH_ADDRESSES = 32;

/** Where the header's address fields say that the kernel goes (3.1.3). */
export interface LoadAddresses {
  readonly header: number;
  readonly load: number;
  /** 0: to the end of the file. */
  readonly loadEnd: number;
  /** 0: there is no zeroed part. */
  readonly bssEnd: number;
  readonly entry: number;
}

/** A Multiboot header as the file has it. */
export interface MultibootHeader {
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly flags: number;
  /** null when the file's own format says where it is loaded. */
  readonly addresses: LoadAddresses | null;
}

/**
 * Finds the first Multiboot 1 header of a file.
 *
 * @throws MultibootError when there is none, or it asks for what no loader of this version has
 * @see Multiboot Specification 0.6.96, 3.1
 */
export function findMultibootHeader(file: Uint8Array): MultibootHeader {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const end = Math.min(file.length, SEARCHED) - BASIC_SIZE;
  for (let offset = 0; offset <= end; offset += 4) {
    const sum = word(offset) + word(offset + 4) + word(offset + 8);
    if (word(offset) === MULTIBOOT_HEADER_MAGIC && sum % 2 ** 32 === 0) return readHeader(word, offset, file.length);
  }
  throw new MultibootError(
    "no Multiboot header: its magic 0x1badb002 and a right checksum are not in the first 8192 bytes of the file",
  );
}

function readHeader(word: (at: number) => number, offset: number, fileLength: number): MultibootHeader {
  const flags = word(offset + 4);
  const unknown = flags & REQUIRED & ~REQUIRED_KNOWN;
  if (unknown !== 0) {
    throw new MultibootError(
      `the Multiboot header asks for features 0x${unknown.toString(16)}, which Multiboot 0.6.96 does not know`,
    );
  }
  if ((flags & HeaderFlag.addresses) === 0) return { offset, flags, addresses: null };
  if (offset + WITH_ADDRESSES > fileLength) {
    throw new MultibootError(`the file ends at byte ${fileLength}, inside the address fields of the Multiboot header`);
  }
  const [header, load, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((field) => word(offset + field));
  return { offset, flags, addresses: { header, load, loadEnd, bssEnd, entry } };
}
