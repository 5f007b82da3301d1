/**
 * Binary indexes as kmod writes and reads them (`modules.dep.bin`, ...): a radix tree of 7-bit characters, numbers big
 * endian. A header of three numbers: magic, version, reference to the root. Nodes stand behind their children.
 *
 * A reference is a node's offset with flags for the parts that the node has, in this order: prefix (NUL-terminated),
 * children (first and last character, a reference for each from first to last, 0 where there is none), values (count,
 * then for each its priority and its text, NUL-terminated).
 */
export const INDEX_MAGIC = 0xb007f457;
export const INDEX_VERSION = 0x00020001;
export const INDEX_HEADER_SIZE = 12;

/** Flags in a reference to a node. */
export const NodeFlag = {
  prefix: 0x8000_0000,
  values: 0x4000_0000,
  children: 0x2000_0000,
} as const;

/** The rest of a reference: the offset. */
export const OFFSET_MASK = 0x0fff_ffff;

export interface IndexValue {
  readonly value: string;
  /** Values of a key stand in ascending order: those with the lowest number come first. */
  readonly priority: number;
}
