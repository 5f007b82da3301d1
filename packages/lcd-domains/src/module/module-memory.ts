import { __gva, type gva_t } from "lcd-arch-x86";
import { hex, invalidFormat } from "./format";
import type { ModulePart } from "./types";

/** Bytes of all texts together for each byte of memory: exports share the text of their namespace. */
const MOST_OVERLAP = 16;

/** A module's memory while it is being loaded: reads and writes by address, each checked against the parts. */
export class ModuleMemory {
  readonly #decoder = new TextDecoder();
  /** Bytes of text that may still be asked for: texts may overlap, so a small module could have any amount. */
  #textLeft: number;

  constructor(
    readonly module: string,
    readonly parts: readonly ModulePart[],
  ) {
    this.#textLeft = parts.reduce((size, { bytes }) => size + MOST_OVERLAP * bytes.length, 0);
  }

  /** The bytes at an address, as a view. Throws KernelError ENOEXEC when they are not all in one part. */
  view(address: bigint, length: number): Uint8Array {
    return this.#slice(this.#partAt(address, length), address, length);
  }

  /** The bytes at an address in writable memory: the module names it, so it may point anywhere. */
  writableView(address: bigint, length: number): Uint8Array {
    const part = this.#partAt(address, length);
    if (part.kind !== "data")
      throw invalidFormat(this.module, `it wants ${length} bytes at ${hex(address)} written, in its ${part.kind}`);
    return this.#slice(part, address, length);
  }

  u8(address: bigint): number {
    return this.view(address, 1)[0] ?? 0;
  }

  u16(address: bigint): number {
    return dataView(this.view(address, 2)).getUint16(0, true);
  }

  u32(address: bigint): number {
    return dataView(this.view(address, 4)).getUint32(0, true);
  }

  s32(address: bigint): number {
    return dataView(this.view(address, 4)).getInt32(0, true);
  }

  u64(address: bigint): bigint {
    return dataView(this.view(address, 8)).getBigUint64(0, true);
  }

  pointer(address: bigint): gva_t {
    return __gva(this.u64(address));
  }

  /** The target of a 32-bit offset that counts from itself. */
  relativePointer(address: bigint): gva_t {
    return __gva(address + BigInt(this.s32(address)));
  }

  /** The NUL-terminated text at an address, at most 4096 bytes. */
  text(address: bigint): string {
    const part = this.#partAt(address, 1);
    const start = Number(address - part.address);
    const end = part.bytes.indexOf(0, start);
    if (end < 0 || end - start > 4096) throw invalidFormat(this.module, `the text at ${hex(address)} does not end`);
    this.#textLeft -= end - start;
    if (this.#textLeft < 0) throw invalidFormat(this.module, "its texts overlap");
    return this.#decoder.decode(part.bytes.subarray(start, end));
  }

  #partAt(address: bigint, length: number): ModulePart {
    const last = address + BigInt(length);
    for (const part of this.parts) {
      if (address >= part.address && last <= part.address + BigInt(part.bytes.length)) return part;
    }
    throw invalidFormat(this.module, `it refers to ${length} bytes at ${hex(address)}, which is not in its memory`);
  }

  #slice(part: ModulePart, address: bigint, length: number): Uint8Array {
    const start = Number(address - part.address);
    return part.bytes.subarray(start, start + length);
  }
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
