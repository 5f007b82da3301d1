import type { MemoryRights } from "../capability/object";
import type { WalkStep } from "../lcd/guest-walk";
import type { CodeLocation, FaultCause, FaultReport } from "./fault-report";

/** Lines of disassembly for bytes of code; the line of the instruction at `rip` should stand out. */
export type Disassembler = (code: FaultReport["code"], rip: bigint) => readonly string[];

/**
 * A fault, explained to a person: what was tried, where, with which registers, and which table said no.
 *
 * @param disassemble when absent, the bytes of the code are shown
 */
export function formatFault(report: FaultReport, disassemble: Disassembler = hexDump): string {
  const lines = [
    `${report.domain}: ${describeCause(report.cause)}`,
    `  at ${hex(report.rip)} ${formatLocation(report.location)}, after ${report.instructions} instructions`,
    ...section("code", disassemble(report.code, report.rip)),
    ...section("registers", registerLines(report)),
    ...section("stack", stackLines(report)),
    ...section("the domain's page tables", walkLines(report)),
    ...section("EPT", eptLines(report)),
  ];
  return `${lines.join("\n")}\n`;
}

/** What was tried, in one sentence. */
export function describeCause(cause: FaultCause): string {
  switch (cause.kind) {
    case "exception": {
      const title = `${cause.name} (${cause.mnemonic}${cause.errorCode === null ? "" : `, error code 0x${cause.errorCode.toString(16)}`})`;
      const tried = cause.access === null ? "" : `: tried to ${cause.access.operation} ${hex(cause.access.address)}`;
      return title + tried + cause.meaning.map((words) => `; ${words}`).join("");
    }
    case "ept-violation": {
      const virtual = cause.gva === null ? "" : `${hex(cause.gva)}, which is `;
      const walk = cause.duringWalk ? ", where a page table should be" : "";
      return `EPT violation: tried to ${cause.operation} ${virtual}guest-physical ${hex(cause.gpa)}${walk}`;
    }
    case "refused":
      return `${cause.name} is not possible in a domain: ${cause.detail}`;
  }
}

/** `symbol+0x1a/0x40 [module]`, as Linux prints it. */
export function formatLocation(location: CodeLocation | null): string {
  if (location === null) return "(no module is there)";
  const { module, symbol, offset, size } = location;
  const end = size === 0 ? "" : `/0x${size.toString(16)}`;
  return symbol === null
    ? `[${module}+0x${offset.toString(16)}]`
    : `${symbol}+0x${offset.toString(16)}${end} [${module}]`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function registerLines(report: FaultReport): string[] {
  const cells = Object.entries(report.registers).map(([name, value]) => `${name.padStart(3)} ${hex(value)}`);
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += 4) lines.push(cells.slice(i, i + 4).join("  "));
  return [...lines, `rip ${hex(report.rip)}  rflags 0x${report.rflags.toString(16)}`];
}

function stackLines(report: FaultReport): string[] {
  return report.stack.map(({ address, value, location }) => {
    const meaning = location === null ? "" : `  ${formatLocation(location)}`;
    return `${hex(address)}  ${hex(value)}${meaning}`;
  });
}

function walkLines({ walk }: FaultReport): string[] {
  if (walk === null) return [];
  const steps = walk.steps.map((step) => `${step.level.padEnd(5)} at ${hex(step.gpa)}: ${describeEntry(step)}`);
  const end =
    walk.page === null
      ? `${hex(walk.gva)} leads nowhere`
      : `${hex(walk.gva)} is guest-physical ${hex(walk.page.gpa)}, ${rightsOf({ read: true, ...walk.page })}`;
  return [...steps, end];
}

function describeEntry({ entry, reserved }: WalkStep): string {
  if (entry === null) return "the domain has no memory there";
  if (reserved) return `${hex(entry)} has reserved bits set`;
  const present = (entry & 1n) !== 0n;
  return `${hex(entry)} ${present ? rightsOf({ read: true, write: (entry & 2n) !== 0n, execute: entry >> 63n === 0n }) : "not present"}`;
}

function eptLines({ ept }: FaultReport): string[] {
  if (ept === null) return [];
  if (ept.entry === null) return [`guest-physical ${hex(ept.gpa)}: no entry; the domain was never given memory there`];
  return [`guest-physical ${hex(ept.gpa)}: entry ${hex(ept.entry)} allows ${rightsOf(ept.rights)}`];
}

function rightsOf(rights: MemoryRights): string {
  return `${rights.read ? "r" : "-"}${rights.write ? "w" : "-"}${rights.execute ? "x" : "-"}`;
}

function hexDump(code: FaultReport["code"], rip: bigint): string[] {
  const bytes = Array.from(code.bytes, (byte, index) => {
    const text = byte.toString(16).padStart(2, "0");
    return code.address + BigInt(index) === rip ? `<${text}>` : text;
  });
  return bytes.length === 0 ? [] : [bytes.join(" ")];
}

function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(16, "0")}`;
}
