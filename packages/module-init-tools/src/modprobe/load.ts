import type { Log } from "../command/log";
import type { LcdDriver } from "../driver";
import { errorText } from "../errno";
import { ToolError } from "../errors";
import type { Step } from "./plan";

/**
 * Hands every module of a plan to the LCD driver. A module that is there already is none the worse for it.
 *
 * @param first when set, the last word about a module that was asked for and is there already is an error
 * @throws ToolError for the first required module that cannot be loaded; what was loaded before it stays
 */
export async function loadAll(
  steps: readonly Step[],
  target: string,
  driver: LcdDriver,
  { first, log, show }: { first: boolean; log: Log; show: (step: Step) => void },
): Promise<void> {
  for (const step of steps) {
    show(step);
    try {
      await load(step, target, driver, first);
    } catch (error) {
      if (!(error instanceof ToolError) || step.required) throw error;
      log.info(`${error.message} (a soft dependency of '${target}': ignored)`);
    }
  }
}

async function load(step: Step, target: string, driver: LcdDriver, first: boolean): Promise<void> {
  const { action } = step;
  if (action.kind === "builtin") return;
  if (action.kind === "missing") throw insertError(step, target, "it is not in modules.dep");
  if (action.kind === "install") {
    throw insertError(step, target, `modprobe.d says to run '${action.command}', and there is no shell here (see -i)`);
  }
  const code = await driver.load(action.path, step.options);
  if (code === null || (code === "EEXIST" && !(first && step.name === target))) return;
  throw insertError(step, target, refusal(code));
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
