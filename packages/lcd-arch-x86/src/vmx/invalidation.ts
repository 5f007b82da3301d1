import { isCanonical } from "../mmu/index";
import { isEptPointer } from "./entry-check/control-checks";
import type { VmxProcessorPort } from "./processor-port";

/** Types of INVEPT and INVVPID (SDM 3C, "VMX Instruction Reference"). */
export const InveptType = { single: 1, all: 2 } as const;
export const InvvpidType = { address: 0, single: 1, all: 2, singleKeepGlobal: 3 } as const;

/** INVEPT. @returns false when type or descriptor is not valid; then nothing was dropped */
export function invalidateByEpt(port: VmxProcessorPort, type: number, eptp: bigint): boolean {
  switch (type) {
    case InveptType.single:
      if (!isEptPointer(eptp)) return false;
      port.invalidateEpt(eptp);
      return true;
    case InveptType.all:
      port.invalidateEpt(null);
      return true;
    default:
      return false;
  }
}

/** INVVPID. @returns false when type or descriptor is not valid; then nothing was dropped */
export function invalidateByVpid(port: VmxProcessorPort, type: number, descriptor: bigint, address: bigint): boolean {
  if (descriptor >> 16n !== 0n) return false;
  const vpid = Number(descriptor);
  if (type === InvvpidType.all) {
    port.invalidateVpid(null, null);
    return true;
  }
  if (vpid === 0) return false;
  switch (type) {
    case InvvpidType.address:
      if (!isCanonical(address)) return false;
      port.invalidateVpid(vpid, address);
      return true;
    case InvvpidType.single:
    // Global translations may be dropped too.
    case InvvpidType.singleKeepGlobal:
      port.invalidateVpid(vpid, null);
      return true;
    default:
      return false;
  }
}
