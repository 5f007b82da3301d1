/** Bytes of output that are kept for `--json`: as JSON, these are at most a fifth of the longest string there is. */
const MOST = 16 * 2 ** 20;
const FIRST = 4096;

/** What a guest prints, kept for `--json`: the first 16 MiB of it. Guests may print without end. */
export class KeptOutput {
  private bytes = new Uint8Array(FIRST);
  private length = 0;
  private lost = 0;

  add(data: Uint8Array): void {
    const taken = data.subarray(0, MOST - this.length);
    if (this.length + taken.length > this.bytes.length) this.grow(this.length + taken.length);
    this.bytes.set(taken, this.length);
    this.length += taken.length;
    this.lost += data.length - taken.length;
  }

  /** The output as text; `consoleLost`, when there was more, is how many bytes. */
  get json(): { console: string; consoleLost?: number } {
    const console = new TextDecoder().decode(this.bytes.subarray(0, this.length));
    return this.lost === 0 ? { console } : { console, consoleLost: this.lost };
  }

  private grow(needed: number): void {
    const bytes = new Uint8Array(Math.min(MOST, Math.max(needed, this.bytes.length * 2)));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
