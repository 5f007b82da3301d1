import { encodeText } from "elf-image";
import { ToolError } from "../errors";
import { INDEX_HEADER_SIZE, INDEX_MAGIC, INDEX_VERSION, type IndexValue, NodeFlag, OFFSET_MASK } from "./format";

/** A binary index being made. */
export class IndexBuilder {
  readonly #values = new Map<string, IndexValue[]>();

  /**
   * Adds a value to a key. Of values with the same priority the last added comes first, as with kmod.
   *
   * @returns whether the key had the same value already; it has it twice then
   * @throws ToolError unless {@link isIndexKey}
   */
  add(key: string, value: string, priority: number): boolean {
    const values = this.#values.get(key);
    if (values === undefined) {
      if (!isIndexKey(key)) throw new ToolError(`${key} cannot be in an index: only 7-bit ASCII is supported`);
      this.#values.set(key, [{ value, priority }]);
      return false;
    }
    const duplicate = values.some((known) => known.value === value);
    const place = values.findIndex((known) => known.priority >= priority);
    values.splice(place < 0 ? values.length : place, 0, { value, priority });
    return duplicate;
  }

  /** The index as the bytes of a file. */
  bytes(): Uint8Array {
    const file = new ByteWriter();
    file.u32(INDEX_MAGIC);
    file.u32(INDEX_VERSION);
    file.u32(0);
    return file.finish(this.#writeNodes(file));
  }

  /**
   * Writes every node behind its children, those by their characters. A node is a range of the sorted keys. A loop:
   * a hostile tree may be deep.
   *
   * @returns the reference to the root
   */
  #writeNodes(file: ByteWriter): number {
    // Keys are ASCII: this is the order of their bytes.
    const keys = [...this.#values.keys()].sort();
    const open: Node[] = [];
    let node = nodeOf(keys, 0, keys.length, 0, "root");
    for (;;) {
      const first = keys[node.next];
      if (first !== undefined && node.next < node.end) {
        open.push(node);
        const character = first.charCodeAt(node.branch);
        const end = endOfRange(keys, node.next, node.end, node.branch, character);
        node = nodeOf(keys, node.next, end, node.branch + 1, character);
        continue;
      }
      const reference = writeNode(file, node, (node.key === null ? null : this.#values.get(node.key)) ?? []);
      const parent = open.pop();
      if (parent === undefined || node.character === "root") return reference;
      parent.children.push([node.character, reference]);
      parent.next = node.end;
      node = parent;
    }
  }
}

/** Whether a key can be in an index: its characters have 7 bits, and none is the NUL that ends it. */
export function isIndexKey(key: string): boolean {
  return isAscii(key) && !key.includes("\0");
}

/** The keys of a range, which have all characters before `branch` in common. */
interface Node {
  /** The character of the parent that leads here. */
  readonly character: number | "root";
  /** What comes behind it, as far as all keys agree. */
  readonly prefix: string;
  /** The key that ends here, if one does. */
  readonly key: string | null;
  /** Where in a key the characters stand that tell the children apart. */
  readonly branch: number;
  /** The first key that is in no child yet. */
  next: number;
  readonly end: number;
  readonly children: [character: number, reference: number][];
}

function nodeOf(keys: readonly string[], start: number, end: number, at: number, character: number | "root"): Node {
  const first = keys[start] ?? "";
  // The root has no prefix, even when all keys agree.
  const last = character === "root" ? "" : (keys[end - 1] ?? "");
  let branch = at;
  while (branch < first.length && first.charCodeAt(branch) === last.charCodeAt(branch)) branch++;
  const key = start < end && first.length === branch ? first : null;
  const next = key === null ? start : start + 1;
  return { character, prefix: first.slice(at, branch), key, branch, next, end, children: [] };
}

function endOfRange(keys: readonly string[], start: number, end: number, at: number, character: number): number {
  let next = start;
  while (next < end && keys[next]?.charCodeAt(at) === character) next++;
  return next;
}

/** @returns the reference to the node */
function writeNode(file: ByteWriter, { prefix, children }: Node, values: readonly IndexValue[]): number {
  let reference = file.length;
  if (reference > OFFSET_MASK) throw new ToolError("the index would be larger than its format allows (256 MiB)");
  if (prefix !== "") {
    file.text(prefix);
    reference += NodeFlag.prefix;
  }
  const [first, last] = [children[0]?.[0], children.at(-1)?.[0]];
  if (first !== undefined && last !== undefined) {
    file.u8(first);
    file.u8(last);
    const table = file.zeros(4 * (last - first + 1));
    for (const [character, child] of children) file.setU32(table + 4 * (character - first), child);
    reference += NodeFlag.children;
  }
  if (values.length > 0) {
    file.u32(values.length);
    for (const { value, priority } of values) {
      file.u32(priority);
      file.text(value);
    }
    reference += NodeFlag.values;
  }
  return reference;
}

class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  /** @returns where the first of them is */
  zeros(count: number): number {
    this.#reserve(count);
    this.length += count;
    return this.length - count;
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }

  /** Text with a NUL at its end. */
  text(text: string): void {
    this.#reserve(text.length);
    if (copyAscii(text, this.#bytes, this.length)) this.length += text.length;
    else this.#add(encodeText(text));
    this.u8(0);
  }

  finish(root: number): Uint8Array {
    this.#view.setUint32(INDEX_HEADER_SIZE - 4, root);
    return this.#bytes.slice(0, this.length);
  }

  #add(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** @returns whether it is all ASCII; if not, what stands there now is of no use */
function copyAscii(text: string, bytes: Uint8Array, at: number): boolean {
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    bytes[at + i] = character;
    all |= character;
  }
  return all < 0x80;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
