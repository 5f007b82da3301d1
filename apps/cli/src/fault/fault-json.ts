import { describeCause, type FaultReport, formatLocation } from "lcd-domains";

/** A fault report as JSON has it: 64-bit numbers as hexadecimal text. */
export function faultJson(report: FaultReport): Readonly<Record<string, unknown>> {
  const { code, ...rest } = report;
  return {
    what: describeCause(report.cause),
    where: formatLocation(report.location),
    ...asJson({ ...rest, code: { address: code.address, bytes: hex(code.bytes) } }),
  };
}

function asJson(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, valueAsJson(value)]));
}

function valueAsJson(value: unknown): unknown {
  if (typeof value === "bigint") return `0x${value.toString(16)}`;
  if (Array.isArray(value)) return value.map(valueAsJson);
  return typeof value === "object" && value !== null ? asJson(value) : value;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
