import type { Log } from "../command/log";
import { type LcdDriver, NoDriverError } from "../driver";
import type { ToolEnvironment } from "../environment";
import { errorText } from "../errno";
import { ToolError } from "../errors";
import type { Step } from "./plan";
import { noShell, runCommand, withParameters } from "./run-command";

/** What loading needs. */
export interface LoadContext {
  readonly env: ToolEnvironment;
  /** Opens the driver, when the first module is really handed over. Rejects with NoDriverError. */
  driver(): Promise<LcdDriver>;
  /** The module that was asked for must not be there already. */
  readonly firstTime: boolean;
  /** From the command line, for install commands. */
  readonly parameters: string;
  readonly log: Log;
  show(step: Step): void;
}

/**
 * Hands every module of a plan to the LCD driver. A module that is there already is none the worse for it.
 *
 * @throws ToolError for the first required module that cannot be loaded; what was loaded before it stays
 */
export async function loadAll(steps: readonly Step[], target: string, context: LoadContext): Promise<void> {
  for (const step of steps) {
    context.show(step);
    try {
      await load(step, target, context);
    } catch (error) {
      if (!(error instanceof ToolError) || error instanceof NoDriverError || step.required) throw error;
      context.log.info(`${error.message} (a soft dependency of '${target}': ignored)`);
    }
  }
}

async function load(step: Step, target: string, context: LoadContext): Promise<void> {
  const { action } = step;
  const mustBeNew = context.firstTime && step.name === target;
  if (action.kind === "builtin") return;
  if (action.kind === "missing") {
    context.log.error(`could not find module by name='${step.name}'`);
    throw insertError(step, target, refusal("ENOENT"));
  }
  if (action.kind === "install") {
    const command = withParameters(action.command, step.name === target ? context.parameters : "");
    const code = await runCommand(context.env, step.name, command);
    if (code === null) throw insertError(step, target, noShell(command));
    if (code !== 0) {
      context.log.error(`Error running install command '${command}' for module ${step.name}: retcode ${code}`);
      throw insertError(step, target, errorText("EINVAL"));
    }
    return;
  }
  const code = await (await context.driver()).load(action.path, step.options);
  if (code === null || (code === "EEXIST" && !mustBeNew)) return;
  throw insertError(step, target, refusal(code));
}

/** The module that was asked for is there already, and must not be. */
export function alreadyInKernel(target: string): ToolError {
  return new ToolError(`could not insert '${target}': ${refusal("EEXIST")}`);
}

/** kmod names only the module that was asked for; which one failed is what a person wants to know. */
function insertError(step: Step, target: string, why: string): ToolError {
  return new ToolError(
    `could not insert '${target}': ${step.name === target ? "" : `${step.name}, which it needs: `}${why}`,
  );
}

function refusal(code: string): string {
  if (code === "EEXIST") return "Module already in kernel";
  if (code === "ENOENT") return "Unknown symbol in module, or unknown parameter (see dmesg)";
  return errorText(code);
}
