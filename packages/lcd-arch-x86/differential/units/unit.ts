import type { Draft } from "../draft";

/** A short sequence that random instructions would hardly ever form. */
export interface Unit {
  readonly name: string;
  write(draft: Draft): void;
}
