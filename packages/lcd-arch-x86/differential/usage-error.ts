/** A mistake in the command line; known by its name to `runScript` of the repository's scripts. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The number that an option was given. @throws UsageError when it is no whole number, or less than `least` */
export function countOf(option: string, text: string, least = 1): number {
  const count = Number(text);
  if (text === "" || !Number.isSafeInteger(count) || count < least) {
    throw new UsageError(`${option} takes a whole number from ${least} on, not "${text}"`);
  }
  return count;
}
