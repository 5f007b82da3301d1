import { __hpa } from "../address";
import type { PhysicalMemory } from "../machine/physical-memory";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

/** Each bitmap has a bit for half of the ports. */
const PORTS_PER_BITMAP = 0x8000;
const LAST_PORT = 0xffff;

/**
 * Whether the I/O bitmaps let an access exit: the bit of one of its ports is set, or it goes beyond the last port
 * (SDM 3C, "I/O-Bitmap Addresses").
 */
export function ioBitmapsExit(vmcs: Vmcs, memory: PhysicalMemory, port: number, size: number): boolean {
  if (port + size - 1 > LAST_PORT) return true;
  for (let at = port; at < port + size; at++) {
    const bitmap = vmcs.get(at < PORTS_PER_BITMAP ? F.ioBitmapA : F.ioBitmapB);
    const byte = byteAt(memory, bitmap + BigInt((at % PORTS_PER_BITMAP) >> 3));
    if (((byte >> (at & 7)) & 1) !== 0) return true;
  }
  return false;
}

/** Nothing answers outside RAM, where reads give ones. */
const byteAt = (memory: PhysicalMemory, address: bigint): number =>
  address < BigInt(memory.size) ? memory.readU8(__hpa(address)) : 0xff;
