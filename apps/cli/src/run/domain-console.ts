import { type Lcd, lcd_run, lcd_suspend } from "lcd-domains";
import type { Terminal } from "../terminal";

/** What a domain prints: shown as it comes, or kept for `--json`. */
export class DomainConsole {
  private readonly terminal: Terminal;
  private readonly chunks: Uint8Array[] | null;
  private lcd: Lcd | null = null;

  constructor(terminal: Terminal, keep: boolean) {
    this.terminal = terminal;
    this.chunks = keep ? [] : null;
  }

  /** The domain to suspend while whoever reads the output is slower than it. */
  attach(lcd: Lcd): void {
    this.lcd = lcd;
  }

  readonly write = (bytes: Uint8Array): void => {
    if (this.chunks !== null) this.chunks.push(bytes);
    else if (!this.terminal.stdout(bytes)) this.wait();
  };

  /** What was kept, as text. */
  get text(): string {
    return Buffer.concat(this.chunks ?? []).toString("utf8");
  }

  private wait(): void {
    const { lcd } = this;
    if (lcd?.status !== "running") return;
    lcd_suspend(lcd);
    void this.terminal.drained().then(() => {
      if (lcd.status === "suspended") lcd_run(lcd);
    });
  }
}
