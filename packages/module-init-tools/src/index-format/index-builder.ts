import { encodeText } from "elf-image";
import { ToolError } from "../errors";
import { INDEX_HEADER_SIZE, INDEX_MAGIC, INDEX_VERSION, type IndexValue, NodeFlag, OFFSET_MASK } from "./format";

/** A binary index being made. */
export class IndexBuilder {
  /** The last value of each key. */
  readonly #values = new Map<string, Value>();
  /** The texts of the values, for keys that have many. */
  readonly #texts = new Map<string, Set<string>>();

  /**
   * Adds a value to a key. Of values with the same priority the last added comes first, as with kmod.
   *
   * @returns whether the key had the same value already; it has it twice then
   * @throws ToolError unless {@link isIndexKey}
   */
  add(key: string, value: string, priority: number): boolean {
    const last = this.#values.get(key);
    if (last === undefined) {
      if (!isIndexKey(key)) throw new ToolError(`${key} cannot be in an index: only 7-bit ASCII is supported`);
      this.#values.set(key, { value, priority, before: null, count: 1 });
      return false;
    }
    this.#values.set(key, { value, priority, before: last, count: last.count + 1 });
    return last.count < FEW ? valuesUpTo(last).some((known) => known.value === value) : this.#has(key, last, value);
  }

  /** Whether one of many values is this one; it is one of them from now on. */
  #has(key: string, last: Value, value: string): boolean {
    const texts = this.#texts.get(key) ?? new Set(valuesUpTo(last).map((known) => known.value));
    this.#texts.set(key, texts);
    return texts.size === texts.add(value).size;
  }

  /** The index as the bytes of a file. */
  bytes(): Uint8Array {
    const nodes = new NodeWriter();
    // Keys are ASCII: this is the order of their bytes.
    const keys = [...this.#values.keys()].sort();
    for (const key of keys) nodes.add(key, this.#values.get(key) ?? null);
    return nodes.finish();
  }
}

/** A value of a key, and those that were added before it. */
interface Value extends IndexValue {
  readonly before: Value | null;
  /** How many there are, itself included. */
  readonly count: number;
}

/** Values of a key that are looked through one by one. */
const FEW = 16;

/** The last added comes first. */
function valuesUpTo(last: Value): Value[] {
  const values = [last];
  for (let value = last.before; value !== null; value = value.before) values.push(value);
  return values;
}

/** Whether a key can be in an index: its characters have 7 bits, and none is the NUL that ends it. */
export function isIndexKey(key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const character = key.charCodeAt(i);
    if (character === 0 || character > 0x7f) return false;
  }
  return true;
}

/** A node on the way to the last key. */
interface Node {
  /** How many characters of the key lead to it, its prefix included. */
  readonly depth: number;
  values: Value | null;
  /** Where its children begin among those of all open nodes. */
  readonly children: number;
}

/** Writes nodes behind their children while keys come, in their order. */
class NodeWriter {
  readonly #file = new ByteWriter();
  readonly #open: Node[] = [];
  readonly #root: Node = { depth: 0, values: null, children: 0 };
  #last = "";
  /** The children of all open nodes that are written already, those of the innermost last. */
  readonly #characters: number[] = [];
  readonly #references: number[] = [];

  constructor() {
    for (const number of [INDEX_MAGIC, INDEX_VERSION, 0]) this.#file.u32(number);
  }

  add(key: string, values: Value | null): void {
    this.#close(commonLength(this.#last, key));
    this.#last = key;
    if (key === "") this.#root.values = values;
    else this.#open.push({ depth: key.length, values, children: this.#references.length });
  }

  finish(): Uint8Array {
    this.#close(0);
    return this.#file.finish(this.#write(this.#root, 0));
  }

  /** Writes the nodes that are deeper. Where two keys part there is a node, and the root, which has no prefix. */
  #close(depth: number): void {
    for (let node = this.#open.at(-1); node !== undefined && node.depth > depth; node = this.#open.at(-1)) {
      this.#open.pop();
      let parent = this.#open.at(-1) ?? this.#root;
      if (parent.depth < depth) {
        parent = { depth, values: null, children: node.children };
        this.#open.push(parent);
      }
      const reference = this.#write(node, parent.depth + 1);
      this.#characters.push(this.#last.charCodeAt(parent.depth));
      this.#references.push(reference);
    }
  }

  /**
   * @param prefix where in the last key the characters begin that only this node has
   * @returns the reference to it
   */
  #write({ depth, values, children }: Node, prefix: number): number {
    const file = this.#file;
    let reference = file.length;
    if (reference > OFFSET_MASK) throw new ToolError("the index would be larger than its format allows (256 MiB)");
    if (prefix < depth) {
      file.text(this.#last, prefix, depth);
      reference += NodeFlag.prefix;
    }
    if (children < this.#references.length) {
      this.#writeChildren(children);
      reference += NodeFlag.children;
    }
    if (values !== null) {
      writeValues(file, values);
      reference += NodeFlag.values;
    }
    return reference;
  }

  #writeChildren(start: number): void {
    const characters = this.#characters.splice(start);
    const references = this.#references.splice(start);
    const first = characters[0] ?? 0;
    const last = characters[characters.length - 1] ?? 0;
    this.#file.u8(first);
    this.#file.u8(last);
    const table = this.#file.zeros(4 * (last - first + 1));
    for (let child = 0; child < characters.length; child++) {
      this.#file.setU32(table + 4 * ((characters[child] ?? 0) - first), references[child] ?? 0);
    }
  }
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

/** By priority; of equal ones the last added comes first. */
function writeValues(file: ByteWriter, last: Value): void {
  const values = valuesUpTo(last);
  if (values.length > 1) values.sort((a, b) => a.priority - b.priority);
  file.u32(values.length);
  for (const { value, priority } of values) {
    file.u32(priority);
    file.text(value);
  }
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

  /** A part of a text, with a NUL at its end. */
  text(text: string, start = 0, end = text.length): void {
    this.#reserve(end - start);
    if (copyAscii(text, start, end, this.#bytes, this.length)) this.length += end - start;
    else this.#add(encodeText(text.slice(start, end)));
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
function copyAscii(text: string, start: number, end: number, bytes: Uint8Array, at: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) {
    const character = text.charCodeAt(i);
    bytes[at++] = character;
    all |= character;
  }
  return all < 0x80;
}
