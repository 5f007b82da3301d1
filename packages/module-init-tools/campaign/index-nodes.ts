import { INDEX_MAGIC, INDEX_VERSION } from "../src/index-format/format";
import { joined } from "./mutations";

/** What a node is made of. */
export interface NodeContent {
  readonly prefix?: string;
  readonly first?: number;
  readonly children?: readonly number[];
  readonly values?: readonly string[];
}

/** The bytes of a node. */
export function node({ prefix, first = 0x61, children, values }: NodeContent): Uint8Array {
  const parts: Uint8Array[] = [];
  if (prefix !== undefined) parts.push(new TextEncoder().encode(`${prefix}\0`));
  if (children !== undefined) parts.push(Uint8Array.of(first, first + children.length - 1), ...children.map(u32));
  if (values !== undefined) {
    parts.push(u32(values.length));
    for (const value of values) parts.push(u32(0), new TextEncoder().encode(`${value}\0`));
  }
  return joined(parts);
}

/** The bytes of an index. */
export function indexOf(nodes: readonly Uint8Array[], root: number): Uint8Array {
  return joined([u32(INDEX_MAGIC), u32(INDEX_VERSION), u32(root >>> 0), ...nodes]);
}

/** A number as indexes have it: 4 bytes, big endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
