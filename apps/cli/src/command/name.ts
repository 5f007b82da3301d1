import { InvalidArgumentError } from "commander";

/** A name or a path. An empty one comes of a shell's variable that is not set, and would mean the directory one is in. */
export function parseName(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** Gathers names or paths that are given more than once. */
export function collectNames(text: string, before: readonly string[]): readonly string[] {
  return [...before, parseName(text)];
}
