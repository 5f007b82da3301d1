import { KernelError } from "lcd-arch-x86";
import { CommandError } from "../errors";
import type { EmulatedHost } from "./emulated-host";

/**
 * Does what loads modules, and when lcd-modprobe is why it fails, says what modprobe said.
 *
 * @throws CommandError, KernelError
 */
export async function withModprobeWords<T>(host: EmulatedHost, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const words = host.takeModprobeWords().trimEnd();
    if (!(error instanceof KernelError) || error.cause instanceof KernelError || words === "") throw error;
    throw new CommandError(words, undefined, error.code);
  }
}
