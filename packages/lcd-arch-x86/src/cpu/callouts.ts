import type { Processor } from "./processor";

/**
 * What translated code has TypeScript do for it without leaving its region: operations that are too rare or too
 * intricate to be translated. Operands and results are in fields of the state.
 *
 * @throws GuestException for an exception at the instruction; then nothing has changed
 */
export type Callout = (p: Processor) => void;

const names: string[] = [];
const functions: Callout[] = [];

/** Adds a callout; gives the number that the lift names it by. */
export function defineCallout(name: string, run: Callout): number {
  names.push(name);
  return functions.push(run) - 1;
}

/** The callout of a number that `defineCallout` has given. */
export const calloutAt = (number: number): Callout => functions[number];

export const calloutName = (number: number): string => names[number];
