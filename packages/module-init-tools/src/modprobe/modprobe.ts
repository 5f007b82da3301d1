import { UsageError } from "../command/getopt";
import { Log } from "../command/log";
import { VERSION_TEXT } from "../command/program";
import { isBlacklisted } from "../config/config-lookup";
import type { ModprobeConfig } from "../config/modprobe-config";
import { CONFIG_DIRECTORIES, readConfig } from "../config/read-config";
import { showConfig } from "../config/show-config";
import { type LcdDriver, NoDriverError, openDriver } from "../driver";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { FatalError, ToolError } from "../errors";
import { absolutePath, baseName, givenPath } from "../files/path";
import { hasUnmatchedBracket } from "../tree/module-name";
import { ModuleTree } from "../tree/module-tree";
import { joinedWords } from "../tree/text";
import { inheritedWords, passingOn } from "./inherited-options";
import { alreadyInKernel, loadAll } from "./load";
import { MODPROBE_USAGE, type ModprobeOptions, parseModprobeOptions } from "./options";
import { everyStep, loadPlan, type Step, type StepsLeft } from "./plan";
import { removeWithDependencies } from "./remove";
import { isBuiltinModule, type Resolved, resolveName } from "./resolve";
import { showSymbols } from "./show-symbols";

/**
 * `lcd-modprobe`: loads a module, what it depends on first, by handing each to the LCD driver.
 *
 * @param argv the program's name first, as in C
 * @returns the exit code: 0 when everything asked for is loaded (or was), otherwise 1
 */
export async function lcdModprobe(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  const [program = "lcd-modprobe", ...args] = argv;
  const log = new Log(baseName(program), (text) => env.stderr(text));
  try {
    const { given, ...options } = parseModprobeOptions([...inheritedWords(env), ...args]);
    return await run(options, passingOn(env, given), log);
  } catch (error) {
    if (error instanceof UsageError) log.usage(error.message);
    else if (error instanceof NoDriverError) log.plain(error.message);
    else if (error instanceof FatalError) log.fatal(error.message);
    else if (error instanceof ToolError) log.error(error.message);
    else if (errorCodeOf(error) !== null) log.fatal(describeFileError(error));
    else throw error;
    return 1;
  }
}

async function run(options: ModprobeOptions, env: ToolEnvironment, log: Log): Promise<number> {
  if (options.help || options.version) {
    env.stdout(options.help ? MODPROBE_USAGE : VERSION_TEXT);
    return 0;
  }
  if (options.syslog) log.useSyslog(env);
  const [first, ...rest] = options.words;
  if (first === undefined && !options.showConfig) {
    log.error("missing parameters. See -h.");
    return 1;
  }
  log.level = options.logLevel;
  const tree = new ModuleTree(env.files, moduleDirectory(options, env));
  const config = await readConfig(tree, options.config ?? CONFIG_DIRECTORIES, log, { cwd: env.cwd });
  if (options.showConfig) {
    env.stdout(await showConfig(config, tree));
    return 0;
  }
  if (first === undefined) return 1;
  if (options.showSymbols !== null) {
    // Of several only the first is shown, as with kmod.
    const complain = (message: string) => (options.all ? log.warning(message) : log.fatal(message));
    return showSymbols(options.showSymbols, first, env, complain);
  }
  const session = new Session(options, env, tree, config, log);
  try {
    if (options.remove) return (await session.removeAll()) ? 0 : 1;
    if (!options.all) return (await session.insert(first, parameterString(rest))) ? 0 : 1;
    let ok = true;
    for (const name of options.words) ok = (await session.insert(name, "")) && ok;
    return ok ? 0 : 1;
  } finally {
    session.close();
  }
}

/** One run of the program; the device is opened for the first module that is really loaded. */
class Session {
  #driver: LcdDriver | null = null;

  constructor(
    private readonly options: ModprobeOptions,
    private readonly env: ToolEnvironment,
    private readonly tree: ModuleTree,
    private readonly config: ModprobeConfig,
    private readonly log: Log,
  ) {}

  /** @returns whether the last of the modules that the name leads to is loaded: it decides, as with kmod */
  async insert(name: string, parameters: string): Promise<boolean> {
    const found = await resolveName(this.tree, this.config, name);
    if (found.length === 0) {
      this.#complain(`Module ${name} not found in directory ${this.tree.directory}`);
      return false;
    }
    if (this.options.resolve) {
      this.env.stdout(found.map((module) => `${module.name}\n`).join(""));
      return true;
    }
    let ok = true;
    const stepsLeft = everyStep();
    for (const module of found) ok = await this.#insertModule(module, parameters, stepsLeft);
    return ok;
  }

  /** @returns whether every module that the words lead to is out */
  async removeAll(): Promise<boolean> {
    const { options, env, tree, config, log } = this;
    const complain = (message: string) => this.#complain(message);
    let ok = true;
    for (const word of options.words) {
      const found = await resolveName(tree, config, word);
      if (found.length === 0) ok = false;
      if (found.length === 0 && !hasUnmatchedBracket(word)) complain(`Module ${word} not found.`);
      for (const module of found) {
        if (await removeWithDependencies(module, { options, env, tree, config, log, complain })) continue;
        ok = false;
        break;
      }
    }
    return ok;
  }

  close(): void {
    this.#driver?.close();
  }

  /** With `-a` there is more to do after what did not work, and with `-q`; otherwise nothing is done any more. */
  #complain(message: string): void {
    if (!this.options.all && this.log.level !== "silent") throw new FatalError(message);
    this.log.warning(message);
  }

  async #insertModule(module: Resolved, parameters: string, stepsLeft: StepsLeft): Promise<boolean> {
    const { useBlacklist, ignoreInstall, dryRun, firstTime, showDepends } = this.options;
    if ((useBlacklist || module.alias !== null) && isBlacklisted(this.config, module.name)) return true;
    try {
      if (!showDepends && (await isBuiltinModule(this.tree, module))) {
        if (firstTime) throw alreadyInKernel(module.name);
        return true;
      }
      const plan = await loadPlan(this.tree, this.config, module, { options: parameters, ignoreInstall, stepsLeft });
      const steps = showDepends ? plan : await this.#notInKernel(plan);
      const show = (step: Step) => this.#show(step);
      if (dryRun) {
        for (const step of steps) show(step);
        return true;
      }
      await loadAll(steps, module.name, {
        env: this.env,
        driver: async () => {
          this.#driver ??= await openDriver(this.env, this.options);
          return this.#driver;
        },
        firstTime,
        parameters,
        log: this.log,
        show,
      });
      return true;
    } catch (error) {
      if (!(error instanceof ToolError) || error instanceof NoDriverError) throw error;
      this.log.error(error.message);
      return false;
    }
  }

  /** What the kernel itself has is not loaded, unless modules.dep says that another module needs it. */
  async #notInKernel(plan: readonly Step[]): Promise<readonly Step[]> {
    const needed = new Set(plan.filter(({ cause }) => cause.kind === "dependency").map(({ name }) => name));
    const steps: Step[] = [];
    for (const step of plan) {
      if (needed.has(step.name) || !(await this.tree.isBuiltin(step.name))) steps.push(step);
    }
    return steps;
  }

  #show({ action, options, name }: Step): void {
    if (!this.options.show) return;
    if (action.kind === "builtin" && this.options.showDepends) this.env.stdout(`builtin ${name}\n`);
    else if (action.kind === "install") this.env.stdout(`install ${action.command} ${options}\n`);
    else if (action.kind === "insmod") this.env.stdout(`insmod ${action.path} ${options}\n`);
  }
}

function moduleDirectory({ root, release }: ModprobeOptions, env: ToolEnvironment): string {
  return `${givenPath(root ?? "", env.cwd)}/lib/modules/${release ?? env.release}`;
}

/** The words as parameters; a value with blanks gets quotes, as the kernel's parser wants it: `b="x y"`. */
function parameterString(words: readonly string[]): string {
  return joinedWords(
    words.map((word) => {
      const equals = word.indexOf("=");
      const value = word.slice(equals + 1);
      return equals >= 0 && /[ \t-\r]/.test(value) && !/^["']/.test(value)
        ? `${word.slice(0, equals)}="${value}"`
        : word;
    }),
  );
}

function describeFileError(error: unknown): string {
  const path = typeof error === "object" && error !== null && "path" in error ? error.path : null;
  return typeof path === "string" ? `${absolutePath(path)}: ${describeError(error)}` : describeError(error);
}
