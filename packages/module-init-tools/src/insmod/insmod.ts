import { type OptionTable, parseOptions, UsageError } from "../command/getopt";
import { Log } from "../command/log";
import { VERSION_TEXT } from "../command/program";
import { NoDriverError, openDriver } from "../driver";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf, errorText } from "../errno";
import { ToolError } from "../errors";
import { baseName, givenPath } from "../files/path";
import { joinedWords } from "../tree/text";

/** `-p` and `-s` are understood for the sake of old scripts, and mean nothing. */
const TABLE: OptionTable = {
  short: "fpsvVh",
  last: "hV",
  long: { help: "h", verbose: "v", version: "V" },
};

const USAGE = `Usage:
  lcd-insmod [options] filename [parameter=value ...]

Loads one module file for use in an lcd, by handing it to /dev/lcd. What it needs must be loaded already.

Options:
  -f             Load it although it was built for another kernel: without its version magic and symbol versions
  -v, --verbose  Say more
  -V, --version  Show which kmod this is compatible with
  -h, --help     Show this
`;

/**
 * `lcd-insmod`: hands one module file to the LCD driver.
 *
 * @param argv the program's name first, as in C
 * @returns the exit code: 0, or 1 when the module is not loaded
 */
export async function lcdInsmod(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  const [program = "lcd-insmod", ...args] = argv;
  const log = new Log(baseName(program), (text) => env.stderr(text));
  try {
    return await run(args, env, log);
  } catch (error) {
    if (error instanceof UsageError) log.usage(error.message);
    else if (error instanceof NoDriverError) log.plain(error.message);
    else if (error instanceof ToolError) log.error(error.message);
    else throw error;
    return 1;
  }
}

async function run(args: readonly string[], env: ToolEnvironment, log: Log): Promise<number> {
  const { options, words } = parseOptions(args, TABLE);
  const has = (letter: string) => options.some(([given]) => given === letter);
  if (has("h") || has("V")) {
    env.stdout(has("h") ? USAGE : VERSION_TEXT);
    return 0;
  }
  for (const [letter] of options) if (letter === "v") log.louder();
  const [file, ...parameters] = words;
  if (file === undefined) {
    log.error("missing filename.");
    return 1;
  }
  if (file === "-") {
    log.error("this tool does not support loading from stdin!");
    return 1;
  }
  const path = givenPath(file, env.cwd);
  await requireFile(env, file, path);
  const driver = await openDriver(env, { forceVermagic: has("f"), forceModversion: has("f") });
  try {
    const options = joinedWords(parameters);
    log.info(`insmod ${path} ${options}`);
    const code = await driver.load(path, options);
    if (code === null) return 0;
    log.error(`could not insert module ${file}: ${refusal(code)}`);
    return 1;
  } finally {
    driver.close();
  }
}

async function requireFile(env: ToolEnvironment, file: string, path: string): Promise<void> {
  try {
    const { kind } = await env.files.stat(path);
    if (kind === "directory") throw new ToolError(`could not insert module ${file}: ${errorText("EISDIR")}`);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new ToolError(`could not load module ${file}: ${describeError(error)}`);
  }
}

function refusal(code: string): string {
  if (code === "ENOEXEC") return "Invalid module format";
  if (code === "ENOENT") return "Unknown symbol in module";
  if (code === "ESRCH") return "Module has wrong symbol version";
  if (code === "EINVAL") return "Invalid parameters";
  return errorText(code);
}
