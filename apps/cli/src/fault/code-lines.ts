import { __gva, type gva_t } from "lcd-arch-x86";
import { type Disassembler, formatLocation, type HostKernel, locate } from "lcd-domains";
import { disassemble, hexBytes, type Line } from "../disasm/instructions";

/** Instructions shown before and after the one that counts. */
const BEFORE = 8;
const AFTER = 5;

/**
 * Disassembles around an instruction, for fault reports: the lines before it, itself marked with `->`, the lines after
 * it; targets are named by symbol.
 */
export function faultDisassembler(kernel: HostKernel): Disassembler {
  return (code, rip) => {
    const { bytes, address } = functionAround(kernel, __gva(rip)) ?? code;
    const lines = disassemble(bytes, address);
    const at = lines.findIndex((line) => line.address === rip);
    if (at < 0) return [];
    const shown = lines.slice(Math.max(0, at - BEFORE), at + 1 + AFTER);
    return shown.map((line) => formatLine(kernel, line, rip));
  };
}

/** The code from the start of the function that holds `rip`, as the module was loaded; `null` where no module is. */
function functionAround(kernel: HostKernel, rip: gva_t): { address: gva_t; bytes: Uint8Array } | null {
  const module = kernel.modules.at(rip);
  const location = locate(kernel, rip);
  if (module === undefined || location === null || location.symbol === null) return null;
  const start = rip - BigInt(location.offset);
  const part = module.loaded.parts.find(
    ({ kind, address, bytes }) => kind === "text" && rip >= address && rip < address + BigInt(bytes.length),
  );
  if (part === undefined || start < part.address) return null;
  const from = Number(start - part.address);
  const end = Math.max(from + location.size, from + location.offset + 15);
  return { address: __gva(start), bytes: part.bytes.subarray(from, end) };
}

function formatLine(kernel: HostKernel, line: Line, rip: bigint): string {
  const mark = line.address === rip ? "->" : "  ";
  const target = line.target === null ? null : locate(kernel, __gva(line.target));
  const name = target === null ? "" : `  # ${formatLocation(target)}`;
  return `${mark} ${line.address.toString(16)}: ${hexBytes(line.bytes, 8)}  ${line.text}${name}`.trimEnd();
}
