import type { Draft } from "../draft";

/** A short sequence that random instructions would hardly ever form. */
export interface Unit {
  readonly name: string;
  /** Nothing follows, for example because its result is only compared to within a bound. */
  readonly last?: boolean;
  write(draft: Draft): void;
}
