import { readFileSync, statSync } from "node:fs";
import { CommandError } from "./errors";
import { ExitCode } from "./exit-code";

/**
 * A file's bytes; not a Buffer, whose `slice` would not copy.
 *
 * @throws CommandError with the path, for what is no file; Node's error when it cannot be read
 */
export function readBytes(path: string): Uint8Array {
  const kind = statSync(path);
  if (kind.isDirectory()) throw new CommandError(`${path}: it is a directory`, ExitCode.failed, "EISDIR");
  // Some of them never end.
  if (kind.isCharacterDevice()) {
    throw new CommandError(`${path}: it is a device, not a file`, ExitCode.failed, "EINVAL");
  }
  const { buffer, byteOffset, length } = readFileSync(path);
  return new Uint8Array(buffer, byteOffset, length);
}
