import { KernelError } from "lcd-arch-x86";
import { CommandError } from "../errors";
import type { ModuleSource } from "../module-files/module-source";
import type { EmulatedHost } from "./emulated-host";

/**
 * Does what loads modules, and when it fails says all that is known: what lcd-modprobe said, when that is why; what a
 * person can do about symbols that are not found.
 *
 * @throws CommandError, KernelError
 */
export async function loading<T>(host: EmulatedHost, source: ModuleSource, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const words = host.takeModprobeWords().trimEnd();
    if (!(error.cause instanceof KernelError) && words !== "") throw new CommandError(words, undefined, error.code);
    if (source.advice !== undefined && error.message.includes("Unknown symbol")) {
      throw new CommandError(`${error.message}\n${source.advice}`, undefined, error.code);
    }
    throw error;
  }
}
