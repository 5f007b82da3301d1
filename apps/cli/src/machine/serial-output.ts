import { closeSync, openSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { failureOfFile } from "../failure";
import { KeptOutput } from "../kept-output";
import type { Terminal } from "../terminal";

/** Bytes that are gathered before they are written. */
const BLOCK = 4096;
const NEWLINE = 10;

/** Where the bytes of a serial port go: they come one by one, and are written in lines or blocks. */
export class SerialOutput {
  /** For `--json`: what was written. */
  readonly kept = new KeptOutput();
  /** Standard output does not take more just now. */
  isFull = false;
  private readonly block = new Uint8Array(BLOCK);
  private length = 0;

  /**
   * @param where as {@link open} was given it
   * @param file a file's descriptor in place of standard output
   * @param keep keep what is written instead of writing it
   */
  private constructor(
    private readonly terminal: Terminal,
    private readonly where: string,
    private readonly file: number | null,
    private readonly keep: boolean,
  ) {}

  /** @param where `stdio`, or the name of a file, which is made anew */
  static open(where: string, keep: boolean, terminal: Terminal): SerialOutput {
    const file = where === "stdio" ? null : openSync(resolve(terminal.cwd, where), "w");
    return new SerialOutput(terminal, where, file, keep && file === null);
  }

  write(byte: number): void {
    this.block[this.length++] = byte;
    if (this.length === BLOCK || byte === NEWLINE) this.flush();
  }

  flush(): void {
    if (this.length === 0) return;
    const bytes = this.block.slice(0, this.length);
    this.length = 0;
    if (this.file !== null) this.writeToFile(this.file, bytes);
    else if (this.keep) this.kept.add(bytes);
    else this.isFull = !this.terminal.stdout(bytes);
  }

  private writeToFile(file: number, bytes: Uint8Array): void {
    try {
      writeFileSync(file, bytes);
    } catch (error) {
      throw failureOfFile(this.where, error);
    }
  }

  /** Resolves when standard output takes more. */
  async drained(): Promise<void> {
    if (this.isFull) await this.terminal.drained();
    this.isFull = false;
  }

  close(): void {
    this.flush();
    if (this.file !== null) closeSync(this.file);
  }
}
