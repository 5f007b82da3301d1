import { Efer } from "../mmu/control-bits";
import type { AccessFault, MemoryAccess } from "./memory-access";
import { type CpuState, Rflags } from "./state";
import { StateWord } from "./state-word";
import type { Tlb } from "./tlb";
import { ACCESS_KIND_SHIFT, AccessKind } from "./translate/memory-lookup";

/**
 * A system instruction's memory operand, or a structure that the processor uses by itself, could not be accessed. Thrown,
 * though no `Error`, as `GuestException` is.
 */
export class LinearAccessError {
  constructor(readonly fault: AccessFault) {}
}

/** Words that `readWords` gives at most: a 16-byte descriptor. */
const MAX_WORDS = 4;

const USER = 3;

/** Whether accesses of the current program have the rights of implicit supervisor-mode accesses, and so has its TLB. */
const hasImplicitRights = (u32: Uint32Array): boolean =>
  u32[StateWord.cpl] !== USER && (u32[StateWord.systemFlags] & Rflags.AC) === 0;

/** Bits 31:0 and 63:32 of a 64-bit value. */
const lowOf = (value: bigint): number => Number(value & 0xffffffffn);
const highOf = (value: bigint): number => Number((value >> 32n) & 0xffffffffn);

/**
 * Memory by linear address, as system instructions reach it: with the same checks as translated code. An address is
 * given as bits 31:0 and 63:32, so that no bigint is made on the way, and an offset of 0 to 2^32 that is added to it.
 * Outside IA-32e mode addresses have 32 bits; those of a program's operands in compatibility mode, too. Methods throw
 * LinearAccessError.
 */
export class LinearMemory {
  private readonly view: DataView;
  private readonly words = new Int32Array(MAX_WORDS);

  /**
   * @param implicit accesses are supervisor-mode whatever the CPL is, and SMAP always holds for them (SDM 3A, "Access
   *   Rights", implicit supervisor-mode accesses): those to descriptor tables and task-state segments, whose addresses have
   *   64 bits in compatibility mode, too
   */
  constructor(
    buffer: ArrayBufferLike,
    private readonly state: CpuState,
    private readonly access: MemoryAccess,
    private readonly tlb: Tlb,
    private readonly implicit = false,
  ) {
    this.view = new DataView(buffer);
  }

  /** Reads 1 byte, unsigned. */
  read8(low: number, high = 0, offset = 0): number {
    return this.view.getUint8(this.place(low, high, offset, 1, AccessKind.read));
  }

  /** Reads 2 bytes, unsigned. */
  read16(low: number, high = 0, offset = 0): number {
    return this.view.getUint16(this.place(low, high, offset, 2, AccessKind.read), true);
  }

  /** Reads 4 bytes, unsigned. */
  read32(low: number, high = 0, offset = 0): number {
    return this.view.getUint32(this.place(low, high, offset, 4, AccessKind.read), true);
  }

  /** Reads 8 bytes. */
  read64(address: bigint): bigint {
    return this.view.getBigUint64(this.place(lowOf(address), highOf(address), 0, 8, AccessKind.read), true);
  }

  /** Reads 1 to 4 words of 4 bytes, signed; what comes back is overwritten by the next call. */
  readWords(count: number, low: number, high = 0, offset = 0): Int32Array {
    const place = this.place(low, high, offset, count * 4, AccessKind.read);
    for (let word = 0; word < count; word++) {
      this.words[word] = this.view.getInt32(place + word * 4, true);
    }
    return this.words;
  }

  /** Writes 1 byte. */
  write8(value: number, low: number, high = 0, offset = 0): void {
    this.setSlowValue(value, 0);
    this.view.setUint8(this.place(low, high, offset, 1, AccessKind.write), value);
  }

  /** Writes 2 bytes. */
  write16(value: number, low: number, high = 0, offset = 0): void {
    this.setSlowValue(value, 0);
    this.view.setUint16(this.place(low, high, offset, 2, AccessKind.write), value, true);
  }

  /** Writes 4 bytes. */
  write32(value: number, low: number, high = 0, offset = 0): void {
    this.setSlowValue(value, 0);
    this.view.setInt32(this.place(low, high, offset, 4, AccessKind.write), value, true);
  }

  /** Writes 8 bytes, given as two halves. */
  writePair(valueLow: number, valueHigh: number, low: number, high = 0, offset = 0): void {
    this.setSlowValue(valueLow, valueHigh);
    const place = this.place(low, high, offset, 8, AccessKind.write);
    this.view.setInt32(place, valueLow, true);
    this.view.setInt32(place + 4, valueHigh, true);
  }

  /** Writes 8 bytes. */
  write64(address: bigint, value: bigint): void {
    this.writePair(lowOf(value), highOf(value), lowOf(address), highOf(address));
  }

  /** Makes sure that `size` bytes, at most 16, can be written without a fault, and writes nothing. */
  probeWrite(size: number, low: number, high = 0, offset = 0): void {
    this.place(low, high, offset, size, AccessKind.modify);
  }

  /** What a write needs that crosses pages or reaches a device. */
  private setSlowValue(low: number, high: number): void {
    const { u32 } = this.state;
    u32[StateWord.slowValue] = low;
    u32[StateWord.slowValue + 1] = high;
  }

  private place(low: number, high: number, offset: number, size: number, kind: number): number {
    const { access } = this;
    const { u32 } = this.state;
    const sum = (low >>> 0) + offset;
    const carried = sum > 0xffffffff ? high + 1 : high;
    const top = (u32[StateWord.efer] & Efer.LMA) === 0 ? 0 : carried | 0;
    // Breakpoints are not met in the TLB, nor are the rights of another privilege level.
    const known =
      !this.implicit || hasImplicitRights(u32) ? this.tlb.find(sum | 0, top, size, kind !== AccessKind.read) : 0;
    if (known !== 0) {
      return known;
    }
    u32[StateWord.slowAddress] = sum;
    u32[StateWord.slowAddress + 1] = top;
    access.mayModifyCode = true;
    access.wide = this.implicit && (u32[StateWord.efer] & Efer.LMA) !== 0;
    const request = size | (kind << ACCESS_KIND_SHIFT);
    const place = this.implicit ? this.serveImplicitly(request) : access.serve(request);
    access.mayModifyCode = false;
    access.wide = false;
    if (place === 0) {
      throw new LinearAccessError(access.fault);
    }
    return place;
  }

  private serveImplicitly(request: number): number {
    if (hasImplicitRights(this.state.u32)) {
      return this.access.serve(request);
    }
    this.access.implicit = true;
    const place = this.access.serve(request);
    this.access.implicit = false;
    return place;
  }
}
