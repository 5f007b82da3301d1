/** Gets what a domain prints, in pieces as they come. */
export type ConsoleOutput = (bytes: Uint8Array) => void;

const BUFFER_BYTES = 1024;
const NEWLINE = 0x0a;

/** A domain's console. Single characters are gathered until a line is complete, the buffer full, or `flush` is called. */
export class Console {
  private readonly output: ConsoleOutput;
  private buffer: Uint8Array | null = null;
  private used = 0;

  constructor(output: ConsoleOutput) {
    this.output = output;
  }

  /** Prints one character, 0 to 255. */
  put(character: number): void {
    this.buffer ??= new Uint8Array(BUFFER_BYTES);
    this.buffer[this.used++] = character;
    if (character === NEWLINE || this.used === BUFFER_BYTES) this.flush();
  }

  /** Prints bytes. */
  write(bytes: Uint8Array): void {
    this.flush();
    if (bytes.length > 0) this.output(bytes);
  }

  /** Sends what is waiting. */
  flush(): void {
    if (this.buffer === null || this.used === 0) return;
    const waiting = this.buffer.slice(0, this.used);
    this.used = 0;
    this.output(waiting);
  }
}
