import { type Lcd, lcd_run, lcd_suspend } from "lcd-domains";
import { KeptOutput } from "../kept-output";
import type { Terminal } from "../terminal";

/** What a domain prints: shown as it comes, or kept for `--json`. */
export class DomainConsole {
  private readonly terminal: Terminal;
  private readonly kept: KeptOutput | null;
  private lcd: Lcd | null = null;

  constructor(terminal: Terminal, keep: boolean) {
    this.terminal = terminal;
    this.kept = keep ? new KeptOutput() : null;
  }

  /** The domain to suspend while whoever reads the output is slower than it. */
  attach(lcd: Lcd): void {
    this.lcd = lcd;
  }

  readonly write = (bytes: Uint8Array): void => {
    if (this.kept !== null) this.kept.add(bytes);
    else if (!this.terminal.stdout(bytes)) this.wait();
  };

  /** What was kept, for `--json`. */
  get json(): Partial<KeptOutput["json"]> {
    return this.kept?.json ?? {};
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
