import { type DomainBuffer, DomainModule, type Lcd } from "lcd-domains";
import type { MachineOptions } from "../command/machine-options";
import { CommandError } from "../errors";
import { ExitCode } from "../exit-code";
import { bootWithModules } from "../host/emulated-host";
import { loading } from "../host/loading";
import { findModule } from "../module-files/find-module";
import type { DomainConsole } from "../run/domain-console";
import { type Outcome, outcomeOfInit, outcomeOfKill } from "../run/outcome";
import { withTimeout } from "../run/timeout";
import { didYouMean } from "../suggest";
import type { Terminal } from "../terminal";
import type { Argument } from "./arguments";
import type { Dump } from "./dump-option";
import { hexDump } from "./hex-dump";
import { formatResult, type ResultType, typedResult } from "./result";

export interface CallRequest {
  readonly module: string;
  readonly symbol: string;
  readonly arguments: readonly Argument[];
  readonly type: ResultType;
  readonly dumps: readonly Dump[];
  /** Run the module's init function first. */
  readonly init: boolean;
  /** Module parameters. */
  readonly parameters: readonly string[];
}

/** An outcome, with what goes to standard output. */
export interface CallOutcome extends Outcome {
  readonly output: string;
}

/** Makes a domain from the module, calls the function in it, destroys it. @throws CommandError, KernelError */
export async function callFunction(
  request: CallRequest,
  options: MachineOptions,
  console: DomainConsole,
  terminal: Terminal,
): Promise<CallOutcome> {
  const source = await findModule(request.module, options.modules, terminal.cwd);
  const log = options.verbose ? (line: string) => terminal.stderr(line) : undefined;
  const host = bootWithModules(source, { ...options, log });
  const module = await loading(host, source, () =>
    DomainModule.load(host.kernel, source.name, {
      console: console.write,
      fuel: options.fuel,
      parameters: request.parameters,
    }),
  );
  const { lcd } = module;
  try {
    console.attach(lcd);
    if (options.verbose) terminal.stderr(host.kernel.procModules());
    const outcome = await callInDomain(module, request, options);
    const { instructions } = lcd.init_thread;
    if (options.verbose) terminal.stderr(`${lcd.name}: ${instructions} instructions\n`);
    return { ...outcome, json: { module: lcd.name, symbol: request.symbol, ...outcome.json, instructions } };
  } finally {
    module.destroy();
    host.kernel.shutdown();
  }
}

async function callInDomain(module: DomainModule, request: CallRequest, options: MachineOptions): Promise<CallOutcome> {
  const { lcd } = module;
  const { symbol, type } = request;
  requireFunction(lcd, symbol);
  const failure = request.init ? await runInit(module, options) : null;
  if (failure !== null) return failure;
  const buffers = request.arguments.map((arg) => (arg.kind === "buffer" ? module.bufferOf(arg.bytes) : null));
  const values = request.arguments.map((arg, index) => (arg.kind === "integer" ? arg.value : pointer(buffers[index])));
  const result = await withTimeout(lcd.init_thread, options.timeout, () => module.call(symbol, ...values));
  if (result.kind !== "exited") return { ...outcomeOfKill(lcd, result, options), output: "" };
  const dumps = request.dumps.map((dump) => ({ ...dump, bytes: bytesOf(buffers[dump.argument - 1], dump) }));
  const value = typedResult(result.value, type);
  return {
    exitCode: ExitCode.ok,
    text: "",
    output: [`${formatResult(result.value, type, buffers)}\n`, ...dumps.map(({ bytes }) => hexDump(bytes))].join(""),
    json: {
      outcome: "returned",
      result: value.toString(),
      hex: `0x${BigInt.asUintN(type.width, result.value).toString(16)}`,
      buffers: dumps.map(({ argument, bytes }) => ({ argument, hex: Buffer.from(bytes).toString("hex") })),
    },
  };
}

/** @returns what to tell when init did not return 0 */
async function runInit(module: DomainModule, options: MachineOptions): Promise<CallOutcome | null> {
  const { lcd } = module;
  if (lcd.module.loaded.init === null) return null;
  const result = await withTimeout(lcd.init_thread, options.timeout, () => module.call("init_module"));
  if (result.kind === "exited" && BigInt.asIntN(32, result.value) === 0n) return null;
  return { ...outcomeOfInit(lcd, result, options), output: "" };
}

function requireFunction(lcd: Lcd, symbol: string): void {
  const { exports, symbols } = lcd.module.loaded;
  const functions = symbols.filter(({ kind }) => kind === "function").map(({ name }) => name);
  if (exports.has(symbol) || functions.includes(symbol)) return;
  const known = [...exports.keys(), ...functions.filter((name) => !name.startsWith("__pfx_"))];
  const offered = exports.size > 0 && exports.size <= 12 ? `; it exports ${[...exports.keys()].join(", ")}` : "";
  throw new CommandError(
    `module ${lcd.name} has no function ${symbol}${didYouMean(symbol, known) || offered}`,
    undefined,
    "ENOENT",
  );
}

function pointer(buffer: DomainBuffer | null): DomainBuffer {
  if (buffer === null) throw new Error("a buffer was not made");
  return buffer;
}

function bytesOf(buffer: DomainBuffer | null, { length }: Dump): Uint8Array {
  return pointer(buffer).read(0, length);
}
