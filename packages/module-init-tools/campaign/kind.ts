import type { SeededRandom } from "../../lcd-domains/src/host/random";

/** A kind of bad input. */
export interface CampaignKind {
  /** How many cases there are; absent when each seed gives another. */
  readonly cases?: number;
  /** Processor time that a case may take, in seconds. */
  readonly seconds: number;
  /** Memory that a case may take, in MiB. */
  readonly megabytes: number;
  /**
   * Gives the tools what belongs to a case.
   *
   * @param outcome counts what came of it
   * @throws an error when a tool has not done as it should
   */
  run(at: number, random: SeededRandom, outcome: (what: string) => void): Promise<void>;
  /** Removes what was made for it. */
  close?(): void;
}
