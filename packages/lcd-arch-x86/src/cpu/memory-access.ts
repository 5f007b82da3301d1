import { Access, isCanonicalHigh, type Mmu } from "../mmu/index";
import type { CodeCache } from "./code-cache";
import { codeBytes } from "./code-mode";
import type { Breakpoints } from "./interrupt/breakpoints";
import { type CpuState, StateOffset } from "./state";
import type { Tlb } from "./tlb";
import { ACCESS_KIND_SHIFT, AccessKind } from "./translate/memory-lookup";
import type { Wiring } from "./wiring";

/** Why a memory access stopped translated code. */
export type AccessFault =
  | { kind: "page-fault"; errorCode: number; address: bigint }
  | { kind: "ept-violation"; qualification: number; gpa: bigint; address: bigint }
  | { kind: "ept-misconfiguration"; gpa: bigint; address: bigint }
  /** The linear address is not canonical: #GP(0), or #SS(0) through the stack segment. */
  | { kind: "non-canonical" }
  /** A store would change translated code: to be done by itself, the translation dropped. */
  | { kind: "self-modifying" }
  /** The access reaches a device: to be done by itself, when it is known what time it is. */
  | { kind: "device" };

const PAGE = 4096;

const addressOf = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/**
 * The slow path of memory accesses: what translated code calls when its TLB lookup fails, or the access does not lie
 * in one page of RAM.
 */
export class MemoryAccess {
  /** Why the last access failed. */
  fault: AccessFault = { kind: "non-canonical" };
  /** Addresses have 64 bits, whatever the mode of the code that runs is. */
  wide = false;
  /** Set while a single instruction runs by itself, which may change code and reach devices. */
  mayModifyCode = false;
  /** What answers outside RAM; null: nothing, so reads give ones and writes are lost. */
  wiring: Wiring | null = null;
  /** Physical address of a page of RAM that is not seen, because a device is in its place; -1: none. */
  hiddenPage = -1;
  /** Data breakpoints, while some may be met. */
  breakpoints: Breakpoints | null = null;
  private readonly bytes: Uint8Array;
  private readonly bounce: number;

  /**
   * @param ramBase linear-memory address of RAM byte 0
   * @param ramSize bytes of RAM
   */
  constructor(
    buffer: ArrayBufferLike,
    private readonly state: CpuState,
    private readonly mmu: Mmu,
    private readonly tlb: Tlb,
    private readonly cache: CodeCache,
    private readonly ramBase: number,
    private readonly ramSize: number,
  ) {
    this.bytes = new Uint8Array(buffer);
    this.bounce = state.base + StateOffset.bounce;
  }

  /** Accesses are implicit supervisor-mode accesses, whatever CPL is: to descriptor tables and task-state segments. */
  set implicit(value: boolean) {
    this.mmu.implicitSupervisor = value;
  }

  /**
   * Serves the access that the state's `slowAddress` and, for stores, `slowValue` describe.
   *
   * @param request size in bytes and AccessKind
   * @returns the place in linear memory where translated code goes on loading or storing, or 0 with `fault` set
   */
  serve(request: number): number {
    const size = request & 0xff;
    const kind = request >> ACCESS_KIND_SHIFT;
    const low = this.state.low("slowAddress");
    const high = this.state.high("slowAddress");
    if (!isCanonicalHigh(high, this.state.low("cr4"))) {
      this.fault = { kind: "non-canonical" };
      return 0;
    }
    this.breakpoints?.note(low, high, size, kind);
    return (low & (PAGE - 1)) + size > PAGE ? this.crossing(low, high, size, kind) : this.inPage(low, high, size, kind);
  }

  private inPage(low: number, high: number, size: number, kind: number): number {
    const frame = this.translate(low, high, kind);
    if (frame < 0) {
      return 0;
    }
    if (!this.isRam(frame)) {
      return this.outside(frame + (low & (PAGE - 1)), size, kind);
    }
    const code = this.cache.isCode(frame >>> 12);
    const { writable } = this.mmu;
    // The TLB has the rights of the code that runs, and knows of no breakpoints.
    if (!this.mmu.implicitSupervisor && this.breakpoints?.watches(low, high) !== true) {
      this.tlb.fill(low, high, frame >>> 12, this.ramBase + frame, writable && !code, this.mmu);
    }
    const hpa = frame + (low & (PAGE - 1));
    // A read that a write follows is where it is told: an instruction of two writes must not be stopped between them.
    return code && kind !== AccessKind.read && !this.changeCode(hpa, size) ? 0 : this.ramBase + hpa;
  }

  /** An access to two pages: both are checked before either is touched, and whether they are canonical before that. */
  private crossing(low: number, high: number, size: number, kind: number): number {
    const first = PAGE - (low & (PAGE - 1));
    const nextLow = (low + first) | 0;
    // Outside 64-bit mode a program's linear addresses end at 4 GiB, and wrap there.
    const carries = nextLow === 0 && (high !== 0 || this.wide || codeBytes(this.state.get32("codeMode")) === 8);
    const nextHigh = carries ? (high + 1) | 0 : high;
    if (!isCanonicalHigh(nextHigh, this.state.low("cr4"))) {
      this.fault = { kind: "non-canonical" };
      return 0;
    }
    const one = this.translate(low, high, kind);
    if (one < 0) {
      return 0;
    }
    const two = this.translate(nextLow, nextHigh, kind);
    if (two < 0) {
      return 0;
    }
    const places = [one + (low & (PAGE - 1)), two];
    const lengths = [first, size - first];
    const inside = [this.isRam(one), this.isRam(two)];
    if (inside.includes(false) && !this.mayReachDevices()) {
      return 0;
    }
    if (kind !== AccessKind.read) {
      for (const part of [0, 1]) {
        if (inside[part] && !this.changeCode(places[part], lengths[part])) {
          return 0;
        }
      }
    }
    const value = this.state.base + StateOffset.slowValue;
    for (const part of [0, 1]) {
      const ram = this.ramBase + places[part];
      const from = part === 0 ? 0 : first;
      if (!inside[part]) {
        this.transfer(places[part], from, lengths[part], kind);
      } else if (kind === AccessKind.write) {
        this.bytes.copyWithin(ram, value + from, value + from + lengths[part]);
      } else {
        this.bytes.copyWithin(this.bounce + from, ram, ram + lengths[part]);
      }
    }
    return this.bounce;
  }

  /** Whether accesses to a page reach RAM. */
  isRam(page: number): boolean {
    return page < this.ramSize && page !== this.hiddenPage;
  }

  /** An access in one page outside RAM: done here; translated code goes on with what was read, or stores in vain. */
  private outside(hpa: number, size: number, kind: number): number {
    if (!this.mayReachDevices()) {
      return 0;
    }
    this.transfer(hpa, 0, size, kind);
    return this.bounce;
  }

  /** Reads bytes outside RAM to the bounce buffer, or writes those of the value; `from` is where in it they are. */
  private transfer(hpa: number, from: number, length: number, kind: number): void {
    const { wiring, bounce } = this;
    if (kind === AccessKind.write) {
      wiring?.writeMemory(hpa, this.bytes, this.state.base + StateOffset.slowValue + from, length);
    } else if (wiring !== null) {
      wiring.readMemory(hpa, this.bytes, bounce + from, length);
    } else {
      this.bytes.fill(0xff, bounce + from, bounce + from + length);
    }
  }

  /** What a device does depends on the time, which is known exactly when the instruction runs by itself. */
  private mayReachDevices(): boolean {
    if (this.wiring === null || this.mayModifyCode) {
      return true;
    }
    this.fault = { kind: "device" };
    return false;
  }

  /** The frame that holds a linear address, or -1 with `fault` set. */
  private translate(low: number, high: number, kind: number): number {
    const { changes } = this.cache;
    if (this.mmu.translate(low, high, kind === AccessKind.read ? Access.read : Access.write)) {
      if (this.cache.changes === changes || this.mayModifyCode) {
        return this.mmu.hpa;
      }
      // The walk has set a flag in an entry that is code too.
      this.fault = { kind: "self-modifying" };
      return -1;
    }
    this.fault = { ...this.mmu.fault, address: addressOf(low, high) };
    return -1;
  }

  /** A store to a code page: translations of those very bytes are dropped, if that may be done now. */
  private changeCode(hpa: number, length: number): boolean {
    if (this.cache.overlaps(hpa, length)) {
      if (!this.mayModifyCode) {
        this.fault = { kind: "self-modifying" };
        return false;
      }
      this.cache.invalidate(hpa, length);
    }
    return true;
  }
}
