import { InvalidArgumentError } from "commander";
import { parseSize } from "../command/quantity";
import { UsageError } from "../errors";
import type { Argument } from "./arguments";

/** A buffer that is to be shown after the call. */
export interface Dump {
  /** Which argument of the function, counting from 1. */
  readonly argument: number;
  /** Bytes from its start; all when absent. */
  readonly length?: number;
}

/** Reads `2` or `2:64`: argument 2, its first 64 bytes. May be given again. */
export function parseDump(text: string, before: readonly Dump[]): readonly Dump[] {
  const [, argument, length] = /^(\d+)(?::(.+))?$/.exec(text) ?? [];
  if (argument === undefined) throw new InvalidArgumentError("It must be the number of an argument: 1, or 1:64.");
  return [...before, { argument: Number(argument), length: length === undefined ? undefined : parseSize(length) }];
}

/** @throws UsageError when a dump is of no buffer, or of more bytes than it has */
export function checkDumps(dumps: readonly Dump[], args: readonly Argument[]): void {
  for (const { argument, length } of dumps) {
    const given = args[argument - 1];
    if (given?.kind !== "buffer") {
      throw new UsageError(`--dump ${argument}: argument ${argument} is no buffer; the first argument has number 1`);
    }
    if (length !== undefined && length > given.bytes.length) {
      throw new UsageError(
        `--dump ${argument}:${length}: argument ${argument} has ${given.bytes.length} bytes; out:${length} would have so many`,
      );
    }
  }
}
