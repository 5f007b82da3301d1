import type { HostKernel } from "lcd-domains";
import { hostEnvironment, type ToolEnvironment } from "module-init-tools";
import { ExitCode } from "../exit-code";
import { failureOf } from "../failure";
import { HOST_RELEASE, type ModuleSource } from "../module-files/module-source";
import type { Terminal } from "../terminal";
import { Domains } from "./domains";
import { bootWithModules, type EmulatedHost, type HostOptions } from "./emulated-host";
import { findHostCommand } from "./host-commands";
import type { ScriptCommand } from "./script";

/** Why a host ends before its commands do. */
export type HostEnd = "timeout" | "interrupted" | "stuck";

/** An emulated host, and what runs in it. */
export class HostSession {
  readonly kernel: HostKernel;
  readonly domains: Domains;
  /** What the module tools see. */
  readonly environment: ToolEnvironment;
  readonly #host: EmulatedHost;
  readonly #abort = new AbortController();
  readonly #jobs = new Set<Promise<number>>();
  #end: HostEnd | null = null;
  #exit: number | null = null;

  /** @throws KernelError */
  constructor(
    readonly source: ModuleSource,
    options: HostOptions & { readonly fuel?: number; readonly timeout?: number },
    readonly terminal: Terminal,
  ) {
    this.#host = bootWithModules(source, options);
    this.kernel = this.#host.kernel;
    const { fuel, timeout } = options;
    this.domains = new Domains(this.#host, { fuel, timeout }, terminal);
    this.environment = hostEnvironment(this.kernel, {
      files: source.files,
      stdout: (text) => void terminal.stdout(text),
      stderr: (text) => terminal.stderr(text),
      release: HOST_RELEASE,
      cwd: terminal.cwd,
      runShell: options.runShell,
      signal: this.#abort.signal,
    });
  }

  /** No further command is to run: somebody said `exit`, or the host was ended. */
  get isOver(): boolean {
    return this.#exit !== null || this.#end !== null;
  }

  /** Aborted when the host is ended before its commands are. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it was ended before its time; `null` when it was not. */
  get end(): HostEnd | null {
    return this.#end;
  }

  /** Runs a command, or lets it run in the background. @returns its exit code */
  async run({ words, background }: ScriptCommand): Promise<number> {
    if (!background) return this.#run(words);
    const job = this.#run(words);
    // A failure that nobody foresaw is thrown by what waits for the job.
    job.catch(() => {});
    this.#jobs.add(job);
    return ExitCode.ok;
  }

  /** Waits for what runs in the background. @returns the last exit code that is not 0, or 0 */
  async wait(): Promise<number> {
    const codes = await Promise.all(this.#jobs);
    this.#jobs.clear();
    return codes.filter((code) => code !== ExitCode.ok).at(-1) ?? ExitCode.ok;
  }

  /** Lets no further command run. */
  exit(code: number): void {
    this.#exit = code;
  }

  /** Ends what waits and what runs, and lets no further command run. */
  stop(end: HostEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.domains.killAll(end === "timeout" ? "timeout" : "killed");
    this.#abort.abort();
  }

  /** Destroys the domains. */
  close(): void {
    this.domains.destroyAll();
  }

  /** What a person can do something about is said; anything else is thrown. */
  async #run([name = "", ...args]: readonly string[]): Promise<number> {
    try {
      return await findHostCommand(name).run(args, this);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      this.terminal.stderr(`${name}: ${failure.message}\n`);
      return failure.exitCode;
    }
  }
}
