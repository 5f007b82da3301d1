import { lcd_arch_pc } from "lcd-arch-x86";
import { errorOfResult, formatFault, formatLocation, type Lcd, locate, type ThreadResult } from "lcd-domains";
import { ExitCode } from "../exit-code";
import { faultDisassembler } from "../fault/code-lines";
import { faultJson } from "../fault/fault-json";

/** How a domain ended, for people and for programs. */
export interface Outcome {
  readonly exitCode: number;
  /** For a person; empty when there is nothing to say. Ends with a newline. */
  readonly text: string;
  /** For `--json`. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Limits that were set, to name them when one was reached. */
export interface Limits {
  readonly fuel?: number;
  readonly timeout?: number;
}

/** How `lcd run` tells a result. The domain still has to exist. */
export function outcomeOfInit(lcd: Lcd, result: ThreadResult, limits: Limits): Outcome {
  return result.kind === "exited" ? outcomeOfValue(lcd, result.value) : outcomeOfKill(lcd, result, limits);
}

function outcomeOfValue(lcd: Lcd, value: bigint): Outcome {
  const result = Number(BigInt.asIntN(32, value));
  const error = errorOfResult(value)?.name ?? null;
  const json = { outcome: "returned", result, error };
  if (result === 0) return { exitCode: ExitCode.ok, text: "", json };
  const named = error === null ? `${result}` : `-${error} (${result})`;
  const meaning = error === null ? ", which is neither 0 nor an error that has a name" : "";
  return { exitCode: ExitCode.failed, text: `${lcd.name}: init returned ${named}${meaning}\n`, json };
}

/** How a thread ended that did not end itself. The domain still has to exist. */
export function outcomeOfKill(lcd: Lcd, result: Exclude<ThreadResult, { kind: "exited" }>, limits: Limits): Outcome {
  const exitCode = ExitCode.killed;
  if (result.kind === "faulted") {
    const { report } = result;
    const text = formatFault(report, faultDisassembler(lcd.host));
    return { exitCode, text, json: { outcome: "faulted", fault: faultJson(report), explanation: text } };
  }
  const pc = lcd_arch_pc(lcd.arch);
  const where = `0x${pc.toString(16)} ${formatLocation(locate(lcd.host, pc))}`;
  const text = `${lcd.name}: killed: ${reasonOf(result.reason, limits)}\n  it was at ${where}\n`;
  return { exitCode, text, json: { outcome: "killed", reason: result.reason, at: where } };
}

function reasonOf(reason: string, limits: Limits): string {
  if (reason === "fuel") return `it has run ${limits.fuel} instructions, and more fuel it was not given (--fuel)`;
  if (reason === "timeout") return `${limits.timeout} seconds have passed (--timeout)`;
  return reason;
}
