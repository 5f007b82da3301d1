import { __hpa } from "../address";
import type { PhysicalMemory } from "../machine/physical-memory";
import { FIELD_COUNT, fieldWidth, slotOf, type VmcsField } from "./vmcs-field";

/** VMCS revision identifier: the layout below, and the first word of every VMXON and VMCS region. */
export const VMCS_REVISION = 0x004c_4344;

/** Bytes of a VMCS region that IA32_VMX_BASIC asks for. */
export const VMCS_REGION_SIZE = 4096;

/** Format of a VMCS region (SDM 3C, "Format of the VMCS Region"): byte offsets. */
export const VmcsRegion = { revision: 0, abort: 4, launched: 8, data: 16 } as const;

const FIRST_SLOT = VmcsRegion.data / 8;
const USED = VmcsRegion.data + FIELD_COUNT * 8;

/**
 * A current VMCS: the processor works on its own copy of the region, as real ones do, and writes it back when
 * another VMCS becomes current or VMCLEAR asks for it.
 */
export class Vmcs {
  /** Host-physical address of the region. */
  readonly address: bigint;
  private readonly bytes: Uint8Array;
  private readonly words64: BigUint64Array;
  private readonly words32: Uint32Array;

  constructor(memory: PhysicalMemory, address: bigint) {
    this.address = address;
    this.bytes = memory.read(__hpa(address), USED);
    this.words64 = new BigUint64Array(this.bytes.buffer);
    this.words32 = new Uint32Array(this.bytes.buffer);
  }

  /** Writes the copy back to the region. */
  store(memory: PhysicalMemory): void {
    memory.write(__hpa(this.address), this.bytes);
  }

  /** The launch state: "launched", or "clear". */
  get launched(): boolean {
    return this.words32[VmcsRegion.launched / 4] !== 0;
  }

  set launched(value: boolean) {
    this.words32[VmcsRegion.launched / 4] = value ? 1 : 0;
  }

  get(field: VmcsField): bigint {
    return this.words64[FIRST_SLOT + slotOf(field)];
  }

  /** Writes a field, modulo its width. */
  set(field: VmcsField, value: bigint): void {
    this.words64[FIRST_SLOT + slotOf(field)] = BigInt.asUintN(fieldWidth(field), value);
  }

  /** The low 32 bits of a field. */
  get32(field: VmcsField): number {
    return this.words32[(FIRST_SLOT + slotOf(field)) * 2];
  }

  /** Writes a field of at most 32 bits. */
  set32(field: VmcsField, value: number): void {
    this.words32[(FIRST_SLOT + slotOf(field)) * 2] = value;
  }

  /** Are any of these bits set? */
  has(field: VmcsField, bits: number): boolean {
    return (this.get32(field) & bits) !== 0;
  }
}
