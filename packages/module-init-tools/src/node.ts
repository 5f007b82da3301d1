/** The tools on a real machine: its files, its terminal, its kernel's release. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { release } from "node:os";
import { encodeText } from "elf-image";
import type { SyslogMessage, ToolEnvironment } from "./environment";
import { FileError } from "./files/files";
import { nodeFiles } from "./files/node-files";
import { progressLine } from "./node/progress";
import { parallelFactsReader } from "./node/read-in-parallel";

export { nodeFiles } from "./files/node-files";
export { progressLine } from "./node/progress";
export { parallelFactsReader } from "./node/read-in-parallel";

/** The environment of a program that was started from a shell. */
export function nodeEnvironment(): ToolEnvironment {
  return {
    files: nodeFiles,
    stdout: (text) => void process.stdout.write(encodeText(text)),
    stderr: (text) => void process.stderr.write(encodeText(text)),
    openDevice,
    runShell: (command, variables) => {
      const env = { ...process.env, ...variables };
      return spawnSync("/bin/sh", ["-c", command], { stdio: "inherit", env }).status ?? 1;
    },
    syslog: logToSystem,
    readFacts: parallelFactsReader(),
    ...(process.stderr.isTTY ? { progress: progressLine((text) => process.stderr.write(text)) } : {}),
    variables: process.env,
    release: release(),
    cwd: workingDirectory(),
  };
}

/** One that was removed has no path any more, but the system knows that there is nothing in it. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return ".";
  }
}

/**
 * Node cannot write to `/dev/log`; `logger` of util-linux or busybox can. Where nobody would get what it writes, standard
 * error has to do.
 */
function logToSystem({ program, priority, text }: SyslogMessage): void {
  const words = ["-t", program, "-p", `daemon.${priority}`, "--", text];
  const isLogged = existsSync("/dev/log") && spawnSync("logger", words, { stdio: "ignore" }).status === 0;
  if (!isLogged) process.stderr.write(`${program}: ${text}\n`);
}

/** JavaScript has no ioctl: a real `/dev/lcd` is out of reach, and an emulated one is not here. */
async function openDevice(path: string): Promise<never> {
  const { kind } = await nodeFiles.stat(path);
  throw kind === "other"
    ? new FileError("ENOTTY", `${path}: Node cannot do ioctls`)
    : new FileError("ENODEV", `${path} is no device`);
}
