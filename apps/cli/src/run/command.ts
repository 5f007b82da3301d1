import { defineCommand, runCommand } from "../command/define";
import { addMachineOptions, type MachineOptions } from "../command/machine-options";
import { parseName } from "../command/name";
import { reporting } from "../command/reporting";
import { UsageError } from "../errors";
import type { Terminal } from "../terminal";
import { runModule } from "./run-module";

const EXAMPLES = `
Examples:
  lcd run hello                       an example that comes with LCD
  lcd run params name=Ada count=3     with module parameters
  lcd run ./greet.ko --memory 16M     a file; what it needs is found beside it, or through
                                      the modules.dep of the tree that it lies in
  lcd run greet --modules ./out       by name, in a directory of modules
  lcd run spin --fuel 10M             stopped after 10 million instructions
  lcd run divide --json               the result as JSON

What the domain prints goes to standard output, what LCD has to say to standard error.
Exit code: 0 init returned 0; 1 it returned an error, or the module could not be loaded;
2 wrong usage; 3 the domain was killed by a fault or a limit.`;

/** `lcd run`. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = addMachineOptions(defineCommand("run", terminal))
    .description("Runs a kernel module in a lightweight capability domain, from its init function to its end.")
    .argument("<module>", "name of an example, or path of a .ko file (also .ko.gz, .ko.xz, .ko.zst)", parseName)
    .argument("[parameters...]", "module parameters: name=value")
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, async (module: string, parameters: string[], options: MachineOptions) => {
    requireParameters(parameters);
    return reporting(module, options.json, terminal, (console) =>
      runModule(module, parameters, options, console, terminal),
    );
  });
}

/** `count=3`, or the name of a switch. What looks like an option was one that nobody knows. */
function requireParameters(parameters: readonly string[]): void {
  const wrong = parameters.find((word) => !/^[A-Za-z_]\w*(?:[.-]\w+)*(=|$)/.test(word));
  if (wrong !== undefined) {
    throw new UsageError(`run: "${wrong}" is no module parameter; they look like name=value`);
  }
}
