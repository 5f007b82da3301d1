import { describeCause } from "../thread/format-fault";
import type { ThreadResult } from "../thread/result";

/** A function did not return: it faulted, or was ended by a limit. Its domain cannot be called any more. */
export class DomainCallError extends Error {
  readonly domain: string;
  readonly symbol: string;
  /** How the call ended. */
  readonly result: Exclude<ThreadResult, { kind: "exited" }>;

  constructor(domain: string, symbol: string, result: Exclude<ThreadResult, { kind: "exited" }>) {
    const why = result.kind === "faulted" ? describeCause(result.report.cause) : `killed (${result.reason})`;
    super(`${symbol} of domain ${domain} did not return: ${why}`);
    this.name = "DomainCallError";
    this.domain = domain;
    this.symbol = symbol;
    this.result = result;
  }
}
