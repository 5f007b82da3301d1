import { type Lcd, lcd_create, lcd_destroy, lcd_thread_kill, lcd_thread_start, lcd_thread_wait } from "lcd-domains";
import { CommandError } from "../errors";
import { ExitCode } from "../exit-code";
import type { ModuleSource } from "../module-files/module-source";
import { DomainConsole } from "../run/domain-console";
import { type Limits, type Outcome, outcomeOfInit } from "../run/outcome";
import type { Terminal } from "../terminal";
import type { EmulatedHost } from "./emulated-host";
import { loading } from "./loading";

/** The domains of a host, by the names by which commands call them. */
export class Domains {
  readonly #domains = new Map<string, Lcd>();

  constructor(
    private readonly host: EmulatedHost,
    private readonly limits: Limits,
    private readonly terminal: Terminal,
  ) {}

  /**
   * `lcd_create`.
   *
   * @returns its name: that of the module, `hello`, and for further ones of the module `hello.2`, ...
   * @throws KernelError, CommandError
   */
  async create(source: ModuleSource, parameters: readonly string[]): Promise<string> {
    const { kernel } = this.host;
    const console = new DomainConsole(this.terminal, false);
    const lcd = await loading(this.host, source, () =>
      lcd_create(kernel, source.name, { console: console.write, parameters }),
    );
    console.attach(lcd);
    const name = this.#freeName(lcd.name);
    this.#domains.set(name, lcd);
    return name;
  }

  /** `lcd_thread_start` of the init thread. @throws KernelError, CommandError */
  start(name: string): void {
    lcd_thread_start(this.#find(name).init_thread, { fuel: this.limits.fuel });
  }

  /** Waits until the init thread has ended. @throws CommandError when it was never started */
  async wait(name: string): Promise<Outcome> {
    const lcd = this.#find(name);
    if (lcd.status === "embryo") throw new CommandError(`${name} was not started: lcd_thread_start ${name}`);
    const result = await lcd_thread_wait(lcd.init_thread);
    if (lcd.status === "dead") return { exitCode: ExitCode.killed, text: `${name}: it was destroyed\n`, json: {} };
    return outcomeOfInit(lcd, result, this.limits);
  }

  /** `lcd_thread_kill` of the init thread. @throws CommandError */
  kill(name: string): void {
    lcd_thread_kill(this.#find(name).init_thread);
  }

  /** `lcd_destroy`. @throws CommandError */
  destroy(name: string): void {
    const lcd = this.#find(name);
    this.#domains.delete(name);
    lcd_destroy(lcd);
  }

  /** Ends what runs in them. */
  killAll(reason: "timeout" | "killed"): void {
    for (const lcd of this.#alive()) lcd_thread_kill(lcd.init_thread, reason);
  }

  destroyAll(): void {
    for (const lcd of this.#alive()) lcd_destroy(lcd);
    this.#domains.clear();
  }

  /** A domain by its name; one that `rmmod -f` destroyed is none any more. */
  #find(name: string): Lcd {
    const lcd = this.#domains.get(name.replace(/\.ko$/, "").replaceAll("-", "_"));
    if (lcd !== undefined && lcd.status !== "dead") return lcd;
    const known = [...this.#domains].filter(([, { status }]) => status !== "dead").map(([known]) => known);
    const there = known.length === 0 ? "there are none; lcd_create makes one" : `there are ${known.join(", ")}`;
    throw new CommandError(`there is no domain ${name}; ${there}`);
  }

  #alive(): Lcd[] {
    return [...this.#domains.values()].filter((lcd) => lcd.status !== "dead");
  }

  #freeName(module: string): string {
    const isTaken = (name: string): boolean => (this.#domains.get(name)?.status ?? "dead") !== "dead";
    let name = module;
    for (let count = 2; isTaken(name); count++) name = `${module}.${count}`;
    return name;
  }
}
