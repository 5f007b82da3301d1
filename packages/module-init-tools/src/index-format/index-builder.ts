import { encodeText } from "elf-image";
import { ToolError } from "../errors";
import { INDEX_HEADER_SIZE, INDEX_MAGIC, INDEX_VERSION, type IndexValue, NodeFlag, OFFSET_MASK } from "./format";

interface Node {
  prefix: string;
  children: Map<number, Node>;
  values: IndexValue[];
}

/** A binary index being made. */
export class IndexBuilder {
  readonly #root = newNode("");

  /**
   * Adds a value to a key. Of values with the same priority the last added comes first, as with kmod.
   *
   * @returns whether the key had the same value already; it has it twice then
   * @throws ToolError unless {@link isIndexKey}
   */
  add(key: string, value: string, priority: number): boolean {
    if (!isIndexKey(key)) throw new ToolError(`${key} cannot be in an index: only 7-bit ASCII is supported`);
    const { values } = this.#nodeFor(key);
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
    const references = new Map<Node, number>();
    for (const node of childrenFirst(this.#root)) references.set(node, writeNode(file, node, references));
    return file.finish(references.get(this.#root) ?? 0);
  }

  #nodeFor(key: string): Node {
    let node = this.#root;
    for (let at = 0; ; at++) {
      const same = commonLength(node.prefix, key, at);
      if (same < node.prefix.length) split(node, same);
      at += same;
      if (at === key.length) return node;
      const next = node.children.get(key.charCodeAt(at));
      if (next === undefined) {
        const leaf = newNode(key.slice(at + 1));
        node.children.set(key.charCodeAt(at), leaf);
        return leaf;
      }
      node = next;
    }
  }
}

/** Whether a key can be in an index: its characters have 7 bits. */
export function isIndexKey(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 0x7f) return false;
  return true;
}

function newNode(prefix: string): Node {
  return { prefix, children: new Map(), values: [] };
}

function commonLength(prefix: string, key: string, at: number): number {
  let length = 0;
  while (length < prefix.length && prefix.charCodeAt(length) === key.charCodeAt(at + length)) length++;
  return length;
}

/** Makes what follows the first `length` characters of a node's prefix a node of its own, its only child. */
function split(node: Node, length: number): void {
  const rest: Node = { ...node, prefix: node.prefix.slice(length + 1) };
  node.children = new Map([[node.prefix.charCodeAt(length), rest]]);
  node.prefix = node.prefix.slice(0, length);
  node.values = [];
}

/** Every node behind its children, those by their characters. A loop: a hostile tree may be deep. */
function childrenFirst(root: Node): Node[] {
  const nodes: Node[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    nodes.push(node);
    open.push(...sortedChildren(node).map(([, child]) => child));
  }
  return nodes.reverse();
}

function sortedChildren({ children }: Node): [number, Node][] {
  return [...children].sort(([a], [b]) => a - b);
}

/** @returns the reference to the node */
function writeNode(
  file: ByteWriter,
  { prefix, children, values }: Node,
  references: ReadonlyMap<Node, number>,
): number {
  let reference = file.length;
  if (reference > OFFSET_MASK) throw new ToolError("the index would be larger than its format allows (256 MiB)");
  if (prefix !== "") {
    file.text(prefix);
    reference += NodeFlag.prefix;
  }
  if (children.size > 0) {
    const first = Math.min(...children.keys());
    const last = Math.max(...children.keys());
    file.u8(first);
    file.u8(last);
    for (let character = first; character <= last; character++) {
      const child = children.get(character);
      file.u32(child === undefined ? 0 : (references.get(child) ?? 0));
    }
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

  /** Text with a NUL at its end. */
  text(text: string): void {
    const bytes = encodeText(text);
    this.#reserve(bytes.length + 1);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
    this.u8(0);
  }

  finish(root: number): Uint8Array {
    this.#view.setUint32(INDEX_HEADER_SIZE - 4, root);
    return this.#bytes.slice(0, this.length);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
