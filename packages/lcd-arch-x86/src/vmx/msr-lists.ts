import { __hpa } from "../address";
import { GuestException } from "../cpu/exception";
import { type Check, isPhysical } from "./entry-check/check";
import type { VmxProcessorPort } from "./processor-port";
import type { Vmcs } from "./vmcs";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

/** Format of an MSR entry (SDM 3C, "VM-Exit Controls for MSRs"): bytes. */
const MsrEntry = { index: 0, reserved: 4, data: 8, size: 16 } as const;

/** Entries that IA32_VMX_MISC recommends not to exceed; what is behind them fails. */
const MAX_ENTRIES = 512;

/** FS and GS have fields of their own, and the SMM monitor is set up in SMM only. */
const NOT_LOADED: ReadonlySet<number> = new Set([0xc000_0100, 0xc000_0101, 0x9b]);

/** Bits 31:8 of the indexes of a local APIC in x2APIC mode. */
const X2APIC = 8;

/** Where the VMCS says that a list of MSRs is. */
interface MsrList {
  readonly name: string;
  readonly count: VmcsField;
  readonly address: VmcsField;
}

/** The three lists (SDM 3C, "VM-Exit Controls for MSRs", "VM-Entry Controls for MSRs"). */
export const MsrLists = {
  exitStore: { name: "VM-exit MSR-store area", count: F.exitMsrStoreCount, address: F.exitMsrStoreAddress },
  exitLoad: { name: "VM-exit MSR-load area", count: F.exitMsrLoadCount, address: F.exitMsrLoadAddress },
  entryLoad: { name: "VM-entry MSR-load area", count: F.entryMsrLoadCount, address: F.entryMsrLoadAddress },
} as const satisfies Readonly<Record<string, MsrList>>;

/** A list that is used is 16-byte aligned and ends within the width of physical addresses. */
export const msrListCheck = ({ name, count, address }: MsrList): Check => [
  `${name}: address`,
  (v) => {
    const first = v.get(address);
    const bytes = BigInt(v.get32(count) * MsrEntry.size);
    return bytes !== 0n && ((first & 0xfn) !== 0n || !isPhysical(first + bytes - 1n));
  },
];

/**
 * Loads MSRs (SDM 3C, "Loading MSRs").
 *
 * @returns the number of the entry that failed, from 1; 0: all are loaded
 */
export function loadMsrs(port: VmxProcessorPort, vmcs: Vmcs, list: MsrList): number {
  return firstFailure(port, vmcs, list, (index, at) => {
    if (NOT_LOADED.has(index)) return false;
    port.writeMsr(index, port.memory.readU64(__hpa(at + BigInt(MsrEntry.data))));
    return true;
  });
}

/** Stores MSRs (SDM 3C, "Saving MSRs"). @returns as `loadMsrs` */
export function storeMsrs(port: VmxProcessorPort, vmcs: Vmcs, list: MsrList): number {
  return firstFailure(port, vmcs, list, (index, at) => {
    port.memory.writeU64(__hpa(at + BigInt(MsrEntry.data)), port.readMsr(index));
    return true;
  });
}

/** Does something with each entry, until it refuses or the MSR does. Outside RAM there are no entries. */
function firstFailure(
  { memory }: VmxProcessorPort,
  vmcs: Vmcs,
  list: MsrList,
  act: (index: number, at: bigint) => boolean,
): number {
  const count = vmcs.get32(list.count);
  for (let entry = 0; entry < count; entry++) {
    const at = vmcs.get(list.address) + BigInt(entry * MsrEntry.size);
    if (entry === MAX_ENTRIES || at + BigInt(MsrEntry.size) > BigInt(memory.size)) return entry + 1;
    const index = memory.readU32(__hpa(at));
    const reserved = memory.readU32(__hpa(at + BigInt(MsrEntry.reserved)));
    if (reserved !== 0 || index >>> 8 === X2APIC || !succeeds(() => act(index, at))) return entry + 1;
  }
  return 0;
}

/** An MSR that does not exist, or does not take the value, raises #GP(0). */
function succeeds(act: () => boolean): boolean {
  try {
    return act();
  } catch (error) {
    if (error instanceof GuestException) return false;
    throw error;
  }
}
