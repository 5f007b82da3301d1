import { lcd_create, lcd_destroy, lcd_thread_start, lcd_thread_wait } from "lcd-domains";
import type { MachineOptions } from "../command/machine-options";
import { bootWithModules } from "../host/emulated-host";
import { loading } from "../host/loading";
import { findModule } from "../module-files/find-module";
import type { Terminal } from "../terminal";
import type { DomainConsole } from "./domain-console";
import { type Outcome, outcomeOfInit } from "./outcome";
import { withTimeout } from "./timeout";

/**
 * The whole path: finds the module, boots a host, makes a domain from the module, runs it to its end, destroys it.
 *
 * @throws CommandError, KernelError when it does not come to run
 */
export async function runModule(
  asked: string,
  parameters: readonly string[],
  options: MachineOptions,
  console: DomainConsole,
  terminal: Terminal,
): Promise<Outcome> {
  const source = await findModule(asked, options.modules, terminal.cwd);
  const log = options.verbose ? (line: string) => terminal.stderr(line) : undefined;
  const host = bootWithModules(source, { ...options, log });
  const { kernel } = host;
  const lcd = await loading(host, source, () =>
    lcd_create(kernel, source.name, { console: console.write, parameters }),
  );
  try {
    console.attach(lcd);
    if (options.verbose) terminal.stderr(kernel.procModules());
    const thread = lcd.init_thread;
    lcd_thread_start(thread, { fuel: options.fuel });
    const result = await withTimeout(thread, options.timeout, () => lcd_thread_wait(thread));
    const outcome = outcomeOfInit(lcd, result, options);
    const { instructions } = thread;
    if (options.verbose) terminal.stderr(`${lcd.name}: ${instructions} instructions\n`);
    return { ...outcome, json: { module: lcd.name, ...outcome.json, instructions } };
  } finally {
    lcd_destroy(lcd);
    kernel.shutdown();
  }
}
