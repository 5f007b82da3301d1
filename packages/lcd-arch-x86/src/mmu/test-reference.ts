/**
 * A page walk written from the text of SDM 3A, "Paging", section by section and without regard to speed: what the tests
 * compare `Mmu` with. It shares nothing with it.
 */
export interface ReferenceRegisters {
  readonly mode: "none" | "32-bit" | "PAE" | "4-level" | "5-level";
  readonly cr3: bigint;
  readonly pdptes: readonly bigint[];
  readonly pse: boolean;
  readonly pge: boolean;
  readonly nxe: boolean;
  readonly wp: boolean;
  readonly smep: boolean;
  readonly smap: boolean;
  readonly ac: boolean;
  readonly cpl: number;
  readonly implicit: boolean;
}

export type ReferenceAccess = "read" | "write" | "fetch";

export type ReferenceResult =
  | { readonly errorCode: number }
  | { readonly physical: bigint; readonly pageBits: number; readonly global: boolean };

/** An entry that a walk has used. */
interface Used {
  readonly address: bigint;
  readonly bytes: 4 | 8;
  readonly value: bigint;
}

const MAXPHYADDR = 48n;

const bit = (value: bigint, position: number): boolean => ((value >> BigInt(position)) & 1n) === 1n;
/** Bits `from` down to `to`, in their place. */
const field = (value: bigint, from: number, to: number): bigint =>
  value & ((1n << BigInt(from + 1)) - 1n) & ~((1n << BigInt(to)) - 1n);
/** Bits `from` down to `to`, as a number of their own. */
const part = (value: bigint, from: number, to: number): bigint => field(value, from, to) >> BigInt(to);

/** Walks the tables in `memory` and sets accessed and dirty flags there; outside of it all bits are ones. */
export function referenceWalk(
  memory: DataView,
  registers: ReferenceRegisters,
  linear: bigint,
  access: ReferenceAccess,
): ReferenceResult {
  if (registers.mode === "none") return { physical: linear, pageBits: 12, global: false };
  const read = (address: bigint, bytes: 4 | 8): bigint => {
    if (address >= BigInt(memory.byteLength)) return (1n << BigInt(bytes * 8)) - 1n;
    const at = Number(address);
    return bytes === 4 ? BigInt(memory.getUint32(at, true)) : memory.getBigUint64(at, true);
  };
  const used: Used[] = [];
  const end =
    registers.mode === "32-bit" ? walk32(registers, linear, read, used) : walk64(registers, linear, read, used);
  if (end === "not present" || end === "reserved") return { errorCode: errorCode(registers, access, end) };
  if (!allowed(registers, access, used)) return { errorCode: errorCode(registers, access, "rights") };
  used.forEach(({ address, bytes }, depth) => {
    const dirty = access === "write" && depth === used.length - 1 ? 1n << 6n : 0n;
    if (address >= BigInt(memory.byteLength)) return;
    const next = read(address, bytes) | (1n << 5n) | dirty;
    if (bytes === 4) memory.setUint32(Number(address), Number(next), true);
    else memory.setBigUint64(Number(address), next, true);
  });
  return { ...end, global: registers.pge && bit(used[used.length - 1].value, 8) };
}

type Read = (address: bigint, bytes: 4 | 8) => bigint;
type End = "not present" | "reserved" | { readonly physical: bigint; readonly pageBits: number };

/** "32-Bit Paging", figures "Linear-Address Translation to a 4-KByte/4-MByte Page using 32-Bit Paging". */
function walk32(registers: ReferenceRegisters, linear: bigint, read: Read, used: Used[]): End {
  const pdeAddress = field(registers.cr3, 31, 12) | (part(linear, 31, 22) << 2n);
  const pde = read(pdeAddress, 4);
  used.push({ address: pdeAddress, bytes: 4, value: pde });
  if (!bit(pde, 0)) return "not present";
  if (registers.pse && bit(pde, 7)) {
    // M is the minimum of 40 and MAXPHYADDR: 40. Bits 21:(M-19) are reserved.
    if (bit(pde, 21)) return "reserved";
    return { physical: (part(pde, 20, 13) << 32n) | field(pde, 31, 22) | field(linear, 21, 0), pageBits: 22 };
  }
  const pteAddress = field(pde, 31, 12) | (part(linear, 21, 12) << 2n);
  const pte = read(pteAddress, 4);
  used.push({ address: pteAddress, bytes: 4, value: pte });
  if (!bit(pte, 0)) return "not present";
  return { physical: field(pte, 31, 12) | field(linear, 11, 0), pageBits: 12 };
}

/** "PAE Paging", "4-Level Paging and 5-Level Paging". */
function walk64(registers: ReferenceRegisters, linear: bigint, read: Read, used: Used[]): End {
  const { mode } = registers;
  let table = field(registers.cr3, Number(MAXPHYADDR) - 1, 12);
  let level = mode === "5-level" ? 5 : 4;
  if (mode === "PAE") {
    const pdpte = registers.pdptes[Number(part(linear, 31, 30))];
    if (!bit(pdpte, 0)) return "not present";
    table = field(pdpte, Number(MAXPHYADDR) - 1, 12);
    level = 2;
  }
  for (; ; level--) {
    const lowest = 12 + 9 * (level - 1);
    const address = table | (part(linear, lowest + 8, lowest) << 3n);
    const entry = read(address, 8);
    used.push({ address, bytes: 8, value: entry });
    if (!bit(entry, 0)) return "not present";
    if (!registers.nxe && bit(entry, 63)) return "reserved";
    // PAE: bits 62:MAXPHYADDR; otherwise bits 51:MAXPHYADDR
    if (field(entry, mode === "PAE" ? 62 : 51, Number(MAXPHYADDR)) !== 0n) return "reserved";
    const page = level === 1 || bit(entry, 7);
    if (page && level >= 4) return "reserved"; // PS in a PML4E or PML5E
    if (!page) {
      table = field(entry, Number(MAXPHYADDR) - 1, 12);
      continue;
    }
    // Bits 29:13 of a 1-GByte page, 20:13 of a 2-MByte page
    if (level > 1 && field(entry, lowest - 1, 13) !== 0n) return "reserved";
    return { physical: field(entry, Number(MAXPHYADDR) - 1, lowest) | field(linear, lowest - 1, 0), pageBits: lowest };
  }
}

/** "Determination of Access Rights". */
function allowed(registers: ReferenceRegisters, access: ReferenceAccess, used: readonly Used[]): boolean {
  const userAddress = used.every(({ value }) => bit(value, 2));
  const writable = used.every(({ value }) => bit(value, 1));
  const executable = registers.mode === "32-bit" || !registers.nxe || used.every(({ value }) => !bit(value, 63));
  if (isUserAccess(registers)) {
    if (!userAddress) return false;
    switch (access) {
      case "read":
        return true;
      case "write":
        return writable;
      case "fetch":
        return executable;
    }
  }
  const overridesSmap = registers.ac && !registers.implicit;
  switch (access) {
    case "read":
      return !userAddress || !registers.smap || overridesSmap;
    case "write":
      if (userAddress && registers.smap && !overridesSmap) return false;
      return writable || !registers.wp;
    case "fetch":
      return executable && !(userAddress && registers.smep);
  }
}

/** Accesses to system data structures are supervisor-mode accesses regardless of CPL. */
function isUserAccess(registers: ReferenceRegisters): boolean {
  return registers.cpl === 3 && !registers.implicit;
}

/** "Page-Fault Exceptions". */
function errorCode(
  registers: ReferenceRegisters,
  access: ReferenceAccess,
  cause: "not present" | "reserved" | "rights",
): number {
  const pae = registers.mode !== "32-bit";
  const tellsFetch = registers.smep || (pae && registers.nxe);
  return (
    (cause === "not present" ? 0 : 1) +
    (access === "write" ? 2 : 0) +
    (isUserAccess(registers) ? 4 : 0) +
    (cause === "reserved" ? 8 : 0) +
    (access === "fetch" && tellsFetch ? 16 : 0)
  );
}
