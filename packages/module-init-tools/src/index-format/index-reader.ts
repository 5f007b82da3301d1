import { decodeText } from "elf-image";
import { ToolError } from "../errors";
import { wildcardMatch } from "../tree/wildcard";
import { INDEX_HEADER_SIZE, INDEX_MAGIC, INDEX_VERSION, type IndexValue, NodeFlag, OFFSET_MASK } from "./format";

/** A value of a key that matches a text. */
export interface IndexMatch extends IndexValue {
  /** The key, which may have wildcards. */
  readonly key: string;
}

interface Node {
  readonly prefix: string;
  readonly first: number;
  /** References, 0 where there is no child. */
  readonly children: readonly number[];
  readonly values: readonly IndexValue[];
  /** Bytes that it has in the file. */
  readonly size: number;
}

/** Characters with which wildcards begin, in the order in which kmod goes through them. */
const WILDCARDS = ["*", "?", "["] as const;

const NO_NODE: Node = { prefix: "", first: 0, children: [], values: [], size: 0 };

/** A binary index. Damaged ones end in a ToolError, never in a loop: children stand before their parents. */
export class IndexReader {
  readonly #view: DataView;
  readonly #root: number;
  /** Those on the ways to keys that were looked for, by the references to them. */
  readonly #nodes = new Map<number, Node>();
  /** Bytes that those nodes leave for others: each has its own. */
  #unread: number;

  /**
   * @param name of the file, for errors
   * @throws ToolError when the bytes do not begin as an index does
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < INDEX_HEADER_SIZE) throw this.#damaged("it is cut short");
    if (this.#u32(0) !== INDEX_MAGIC) throw this.#damaged("it does not begin with b0 07 f4 57");
    if (this.#u32(4) >>> 16 !== INDEX_VERSION >>> 16)
      throw this.#damaged(`its version is 0x${this.#u32(4).toString(16)}`);
    this.#root = this.#u32(8);
    this.#unread = bytes.length;
  }

  /** Every key with its values; keys after those that begin with them. @throws ToolError */
  *entries(): Iterable<{ readonly key: string; readonly values: readonly IndexValue[] }> {
    yield* this.#below(this.#read(this.#root, this.bytes.length), "", this.#budget());
  }

  /** Every key with its values, sorted by key. @throws ToolError */
  sortedEntries(): { readonly key: string; readonly values: readonly IndexValue[] }[] {
    return [...this.entries()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  /** The values of a key, best first. @throws ToolError */
  search(key: string): readonly IndexValue[] {
    let [node, limit] = this.#onTheWay(this.#root, this.bytes.length);
    for (let at = 0; ; at++) {
      if (!key.startsWith(node.prefix, at)) return [];
      at += node.prefix.length;
      if (at === key.length) return node.values;
      const child = childOf(node, key.charAt(at));
      if (child === 0) return [];
      [node, limit] = this.#onTheWay(child, limit);
    }
  }

  /**
   * The values of all keys that match a text, as wildcards or literally, in the order of their priorities: twice when
   * both, as with kmod.
   *
   * @throws ToolError
   */
  searchWild(text: string): IndexMatch[] {
    const found: IndexMatch[] = [];
    const budget = this.#budget();
    let [node, limit] = this.#onTheWay(this.#root, this.bytes.length);
    for (let at = 0; ; at++) {
      const plain = node.prefix.search(/[*?[]/);
      const literal = plain < 0 ? node.prefix : node.prefix.slice(0, plain);
      if (!text.startsWith(literal, at)) break;
      // From the first wildcard on, what is left of each key is matched with what is left of the text.
      if (plain >= 0) {
        this.#matches({ ...node, prefix: node.prefix.slice(plain) }, "", text, at + plain, found, budget);
        break;
      }
      at += node.prefix.length;
      for (const wildcard of WILDCARDS) {
        const child = childOf(node, wildcard);
        if (child !== 0) this.#matches(this.#onTheWay(child, limit)[0], wildcard, text, at, found, budget);
      }
      if (at >= text.length) {
        for (const value of node.values) found.push({ ...value, key: text });
        break;
      }
      const child = childOf(node, text.charAt(at));
      if (child === 0) break;
      [node, limit] = this.#onTheWay(child, limit);
    }
    // Of values with the same priority the last found comes first.
    return found.reverse().sort((a, b) => a.priority - b.priority);
  }

  /** @param at how much of the text is behind us: keys below the node go on there */
  #matches(node: Node, start: string, text: string, at: number, found: IndexMatch[], budget: Budget): void {
    const before = text.slice(0, at);
    const rest = text.slice(at);
    for (const { key, values } of this.#below(node, start, budget)) {
      if (!wildcardMatch(key, rest)) continue;
      for (const value of values) found.push({ ...value, key: before + key });
    }
  }

  /** Keys below a node, children before their parents. */
  *#below(node: Node, start: string, budget: Budget): Iterable<{ key: string; values: readonly IndexValue[] }> {
    const open: { node: Node; key: string; next: number; limit: number }[] = [];
    open.push({ node, key: start + node.prefix, next: 0, limit: this.bytes.length });
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const index = top.next++;
      const reference = top.node.children[index];
      if (reference === undefined) {
        if (top.node.values.length > 0) yield { key: top.key, values: top.node.values };
        open.pop();
      } else if (reference !== 0) {
        const [child, limit] = this.#open(reference, top.limit);
        const key = top.key + String.fromCharCode(top.node.first + index) + child.prefix;
        budget.bytes -= child.size;
        if (budget.bytes < 0) throw this.#damaged("several ways lead to one node");
        if (child.values.length > 0) budget.characters -= key.length;
        if (budget.characters < 0) throw this.#damaged(`its keys have more than ${MOST_CHARACTERS} characters`);
        open.push({ node: child, key, next: 0, limit });
      }
    }
  }

  /** As `#open`, once for each node: a damaged one may be as large as the file, and so may the next. */
  #onTheWay(reference: number, limit: number): [Node, number] {
    const offset = reference & OFFSET_MASK;
    const known = offset < limit ? this.#nodes.get(reference) : undefined;
    if (known !== undefined) return [known, offset];
    const node = this.#read(reference, limit);
    this.#unread -= node.size;
    if (this.#unread < 0) throw this.#damaged("parts of it belong to several nodes");
    this.#nodes.set(reference, node);
    return [node, offset];
  }

  /** @returns the node, and the offset below which its children must be */
  #open(reference: number, limit: number): [Node, number] {
    return [this.#read(reference, limit), reference & OFFSET_MASK];
  }

  #read(reference: number, limit: number): Node {
    if ((reference & ~OFFSET_MASK) === 0) return NO_NODE;
    const start = reference & OFFSET_MASK;
    let at = start;
    if (at < INDEX_HEADER_SIZE || at >= limit) throw this.#damaged(`a node is said to be at ${at}`);
    let prefix = "";
    if ((reference & NodeFlag.prefix) !== 0) {
      prefix = this.#text(at);
      at += prefix.length + 1;
    }
    let first = 0;
    const children: number[] = [];
    if ((reference & NodeFlag.children) !== 0) {
      first = this.#u8(at);
      const last = this.#u8(at + 1);
      at += 2;
      for (let character = first; character <= last; character++, at += 4) children.push(this.#u32(at));
    }
    const values: IndexValue[] = [];
    if ((reference & NodeFlag.values) !== 0) {
      const count = this.#u32(at);
      at += 4;
      for (let i = 0; i < count; i++) {
        const priority = this.#u32(at);
        const end = this.#endOfText(at + 4);
        values.push({ priority, value: decodeText(this.bytes.subarray(at + 4, end)) });
        at = end + 1;
      }
    }
    return { prefix, first, children, values, size: at - start };
  }

  #text(at: number): string {
    return oneByteText.decode(this.bytes.subarray(at, this.#endOfText(at)));
  }

  #endOfText(at: number): number {
    const end = this.bytes.indexOf(0, at);
    if (end < 0) throw this.#damaged("it is cut short");
    return end;
  }

  #u8(at: number): number {
    const byte = this.bytes[at];
    if (byte === undefined) throw this.#damaged("it is cut short");
    return byte;
  }

  #u32(at: number): number {
    if (at + 4 > this.bytes.length) throw this.#damaged("it is cut short");
    return this.#view.getUint32(at);
  }

  #budget(): Budget {
    return { bytes: this.bytes.length, characters: MOST_CHARACTERS };
  }

  #damaged(why: string): ToolError {
    return new ToolError(`${this.name} is damaged: ${why}; depmod makes it anew`);
  }
}

/** How much a search may still look at. */
interface Budget {
  /** Whole, each node is looked at once; damaged, many ways may lead to one. */
  bytes: number;
  /** Of keys: where each begins with the one before it, a small file has long ones. */
  characters: number;
}

/** All keys of a big kernel together have less than two million characters. */
const MOST_CHARACTERS = 64 << 20;

/** Keys have 7-bit characters only; of others in a damaged file each is one character too. */
const oneByteText = new TextDecoder("latin1");

function childOf({ first, children }: Node, character: string): number {
  return children[character.charCodeAt(0) - first] ?? 0;
}
