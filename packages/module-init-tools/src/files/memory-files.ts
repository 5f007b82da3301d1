import { decodeText, encodeText } from "elf-image";
import { type DirectoryEntry, FileError, type FileStatus, type ToolFiles } from "./files";
import { absolutePath, baseName, directoryName } from "./path";

/** A file tree in memory. */
export interface MemoryFiles extends ToolFiles {
  /** Puts a file there at once, text as UTF-8; directories on the way are made. */
  add(path: string, content: Uint8Array | string): void;
  /** The path of every file, sorted. */
  paths(): string[];
  /** A file as text. Throws FileError ENOENT. */
  text(path: string): string;
}

/**
 * Makes a file tree in memory: for the emulated host, a browser, a test.
 *
 * @param content path (relative ones start at `/`) to content; strings are stored as UTF-8. Directories keep this order.
 */
export function memoryFiles(content: Readonly<Record<string, Uint8Array | string>> = {}): MemoryFiles {
  const files = new FileTree();
  for (const [path, bytes] of Object.entries(content)) files.add(path, bytes);
  return files;
}

type Node = Uint8Array | Map<string, Node>;

class FileTree implements MemoryFiles {
  readonly #root: Map<string, Node> = new Map();

  add(path: string, content: Uint8Array | string): void {
    const directory = this.#makeDirectories(directoryName(absolutePath(path)));
    directory.set(baseName(path), typeof content === "string" ? encodeText(content) : content);
  }

  paths(): string[] {
    return pathsBelow(this.#root, "").sort();
  }

  text(path: string): string {
    return decodeText(this.#file(path));
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.#file(path).slice();
  }

  async readDirectory(path: string): Promise<readonly DirectoryEntry[]> {
    return [...this.#directory(path)].map(([name, node]) => ({ name, kind: kindOf(node) }));
  }

  async stat(path: string): Promise<FileStatus> {
    const node = this.#node(path);
    return { kind: kindOf(node), size: node instanceof Map ? 0 : node.length };
  }

  async writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const directory = this.#directory(directoryName(absolutePath(path)));
    if (directory.get(baseName(path)) instanceof Map) throw new FileError("EISDIR", `${path} is a directory`);
    directory.set(baseName(path), bytes.slice());
  }

  async makeDirectory(path: string): Promise<void> {
    this.#makeDirectories(absolutePath(path));
  }

  async rename(from: string, to: string): Promise<void> {
    const bytes = this.#file(from);
    await this.writeFile(to, bytes);
    await this.remove(from);
  }

  async remove(path: string): Promise<void> {
    this.#file(path);
    this.#directory(directoryName(absolutePath(path))).delete(baseName(path));
  }

  #makeDirectories(path: string): Map<string, Node> {
    let directory = this.#root;
    for (const part of partsOf(path)) {
      const next = directory.get(part) ?? new Map<string, Node>();
      if (!(next instanceof Map)) throw new FileError("ENOTDIR", `${path}: ${part} is a file`);
      directory.set(part, next);
      directory = next;
    }
    return directory;
  }

  #file(path: string): Uint8Array {
    const node = this.#node(path);
    if (node instanceof Map) throw new FileError("EISDIR", `${path} is a directory`);
    return node;
  }

  #directory(path: string): Map<string, Node> {
    const node = this.#node(path);
    if (!(node instanceof Map)) throw new FileError("ENOTDIR", `${path} is not a directory`);
    return node;
  }

  #node(path: string): Node {
    if (path === "") throw new FileError("ENOENT", "there is no name");
    let node: Node = this.#root;
    for (const part of partsOf(absolutePath(path))) {
      if (!(node instanceof Map)) throw new FileError("ENOTDIR", `${path}: a part of it is a file`);
      const next: Node | undefined = node.get(part);
      if (next === undefined) throw new FileError("ENOENT", `${path} does not exist`);
      node = next;
    }
    return node;
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

function kindOf(node: Node): "file" | "directory" {
  return node instanceof Map ? "directory" : "file";
}

function pathsBelow(directory: Map<string, Node>, path: string): string[] {
  return [...directory].flatMap(([name, node]) =>
    node instanceof Map ? pathsBelow(node, `${path}/${name}`) : [`${path}/${name}`],
  );
}
