import { resolve } from "node:path";
import {
  lcdDepmod,
  lcdInsmod,
  lcdModinfo,
  lcdModprobe,
  lcdRmmod,
  moduleNameOfPath,
  type ToolEnvironment,
} from "module-init-tools";
import { CommandError, UsageError } from "../errors";
import { ExitCode } from "../exit-code";
import { didYouMean } from "../suggest";
import { lsmodOrJson } from "../tools/lsmod-json";
import type { HostSession } from "./session";

/** A command of `lcd host`. */
interface HostCommand {
  /** What stands behind its name. */
  readonly usage: string;
  readonly summary: string;
  /** @returns the exit code */
  run(args: readonly string[], session: HostSession): Promise<number> | number;
}

type Tool = (argv: readonly string[], env: ToolEnvironment) => Promise<number>;

function tool(name: string, program: Tool, usage: string, summary: string): HostCommand {
  return { usage, summary, run: (args, { environment }) => program([name, ...args], environment) };
}

/** A command that does something with one domain. */
function ofDomain(summary: string, act: (name: string, session: HostSession) => Promise<number> | number): HostCommand {
  return {
    usage: "<domain>",
    summary,
    run: ([name, ...rest], session) => {
      if (name === undefined || rest.length > 0) throw new UsageError("it takes the name of one domain");
      return act(name, session);
    },
  };
}

export const hostCommands = new Map<string, HostCommand>([
  ["modprobe", tool("modprobe", lcdModprobe, "[options] <module> [name=value ...]", "load or, with -r, take out")],
  ["insmod", tool("insmod", lcdInsmod, "[options] <file.ko> [name=value ...]", "load one file")],
  ["rmmod", tool("rmmod", lcdRmmod, "[options] <module> ...", "take modules out; -w waits, -f destroys domains")],
  ["lsmod", tool("lsmod", lsmodOrJson, "[--json]", "list the modules that are loaded")],
  ["modinfo", tool("modinfo", lcdModinfo, "[options] <module or file.ko> ...", "show what a module says of itself")],
  ["depmod", tool("depmod", lcdDepmod, "[options] [release]", "index a directory tree of modules")],
  [
    "lcd_create",
    {
      usage: "<module> [name=value ...]",
      summary: "make a domain from a module",
      run: async ([module, ...parameters], session) => {
        if (module === undefined) throw new UsageError("it takes the name of a module");
        const name = await session.domains.create({ ...session.source, name: moduleNameOfPath(module) }, parameters);
        if (name !== moduleNameOfPath(module)) session.terminal.stdout(`${name}\n`);
        return ExitCode.ok;
      },
    },
  ],
  [
    "lcd_thread_start",
    ofDomain("let its module's init function run", (name, { domains }) => {
      domains.start(name);
      return ExitCode.ok;
    }),
  ],
  [
    "lcd_thread_wait",
    ofDomain("wait until it has ended", async (name, { domains, terminal }) => {
      const { exitCode, text } = await domains.wait(name);
      terminal.stderr(text);
      return exitCode;
    }),
  ],
  [
    "lcd_thread_kill",
    ofDomain("end what runs in it", (name, { domains }) => {
      domains.kill(name);
      return ExitCode.ok;
    }),
  ],
  [
    "lcd_destroy",
    ofDomain("take everything back", (name, { domains }) => {
      domains.destroy(name);
      return ExitCode.ok;
    }),
  ],
  [
    "cat",
    {
      usage: "<file> ...",
      summary: "show a file: /proc/modules, /sys/module/...",
      run: async (args, { environment, terminal }) => {
        for (const arg of args) {
          // The emulated host's own files are below / on every machine.
          const path = arg.startsWith("/") ? arg : resolve(terminal.cwd, arg);
          terminal.stdout(await environment.files.readFile(path));
        }
        return ExitCode.ok;
      },
    },
  ],
  [
    "dmesg",
    {
      usage: "",
      summary: "show the kernel's log",
      run: (_, { kernel, terminal }) => {
        terminal.stdout(kernel.dmesg());
        return ExitCode.ok;
      },
    },
  ],
  ["wait", { usage: "", summary: "wait for what & has put into the background", run: (_, session) => session.wait() }],
  [
    "help",
    {
      usage: "",
      summary: "show this",
      run: (_, { terminal }) => {
        terminal.stdout(hostCommandsHelp());
        return ExitCode.ok;
      },
    },
  ],
  [
    "exit",
    {
      usage: "[code]",
      summary: "end the host",
      run: ([code = "0"], session) => {
        if (!/^\d{1,3}$/.test(code) || Number(code) > 255) throw new UsageError(`${code} is no exit code: 0 to 255`);
        session.exit(Number(code));
        return Number(code);
      },
    },
  ],
]);

/** The commands, a line each. */
export function hostCommandsHelp(): string {
  const lines = [...hostCommands].map(([name, { usage, summary }]) => {
    const left = `  ${name} ${usage}`;
    return left.length < 46 ? `${left.padEnd(46)}${summary}\n` : `${left}\n${"".padEnd(46)}${summary}\n`;
  });
  return lines.join("");
}

/** @throws CommandError 127, as a shell: no such command */
export function findHostCommand(name: string): HostCommand {
  const command = hostCommands.get(name);
  if (command !== undefined) return command;
  const hint = didYouMean(name, hostCommands.keys()) || "; help lists those that there are";
  throw new CommandError(`there is no command ${name} in the host${hint}`, 127);
}
