import { Machine } from "lcd-arch-x86/machine";
import {
  type BootOptions,
  boot,
  type HostKernel,
  type Lcd,
  lcd_create,
  lcd_destroy,
  lcd_thread_start,
  type ThreadResult,
} from "../src";
import { installModules } from "../src/testing";
import { prebuilt, prebuiltModules } from "./prebuilt";

export interface TestHostOptions extends Partial<Omit<BootOptions, "machine" | "runtime">> {
  /** Bytes of RAM; 16 MiB when absent. */
  readonly memory?: number;
  readonly processors?: number;
}

/** A host kernel that finds liblcd's prebuilt modules. */
export function testHost(options: TestHostOptions = {}): HostKernel {
  const machine = new Machine({ memory: options.memory ?? 16 * 1024 * 1024, cpus: options.processors ?? 2 });
  const host = boot({ ...options, machine, runtime: prebuilt("lcd-runtime") });
  installModules(host, prebuiltModules());
  return host;
}

/** What a domain did. */
export interface Run {
  readonly result: ThreadResult;
  readonly output: string;
}

/** Creates a domain, runs it to its end, destroys it. */
export async function runModule(
  host: HostKernel,
  name: string,
  options: { readonly parameters?: readonly string[]; readonly fuel?: number } = {},
): Promise<Run> {
  const output = new OutputText();
  const lcd = await lcd_create(host, name, { console: output.write, parameters: options.parameters });
  try {
    return { result: await runToEnd(lcd, options.fuel), output: output.text };
  } finally {
    lcd_destroy(lcd);
  }
}

/** Starts a domain and waits for its end. */
export function runToEnd(lcd: Lcd, fuel?: number): Promise<ThreadResult> {
  lcd_thread_start(lcd.init_thread, { fuel });
  return lcd.init_thread.wait();
}

/** Gathers what a domain prints. */
export class OutputText {
  text = "";
  readonly write = (bytes: Uint8Array): void => {
    this.text += new TextDecoder().decode(bytes);
  };
}
