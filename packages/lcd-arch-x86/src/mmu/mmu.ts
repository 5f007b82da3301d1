import type { CpuState } from "../cpu/state";
import { Rflags } from "../cpu/state";
import { Access, EptViolation, type MmuFault, PageFaultError } from "./access";
import { Cr0, Cr4, Efer } from "./control-bits";
import { EptWalker } from "./ept-walker";
import {
  EptFlag,
  EptPointerFlag,
  EXECUTE_DISABLE,
  frameOf,
  indexOf,
  mapsPage,
  PageFlag,
  pageFrame,
  RESERVED_ADDRESS_HIGH,
  reservedBits,
} from "./paging-entry";
import { pagingLevels } from "./paging-mode";
import { type Ram, readWord, setFlags } from "./ram";

/** EPT permissions that each kind of access needs, by Access. */
const eptAccess = [EptFlag.read, EptFlag.write, EptFlag.execute] as const;

/** Levels that the deepest guest hierarchy has. */
const MAX_LEVELS = 5;

/**
 * Translates linear addresses with the processor's current paging mode, and EPT in VMX non-root operation.
 * Used on a TLB miss; results are left in fields so that a walk allocates nothing unless it faults.
 *
 * A walk that ends in a page fault changes no accessed or dirty flag.
 */
export class Mmu {
  /** Host-physical 4 KiB frame of the last translation; it may lie outside RAM. */
  hpa = 0;
  /** Guest-physical 4 KiB frame of the last translation; equal to `hpa` where no EPT is used. */
  gpa = 0;
  /** A write through the same mapping needs no further walk: it is permitted and all dirty flags are set. */
  writable = false;
  /** The page may be accessed at CPL 3. */
  user = false;
  /** The linear address is on a page of more than 4 KiB. */
  large = false;
  /** For looking ahead: a translation that would have to set a flag in a guest's entry fails instead. */
  lookingAhead = false;
  /** Why the last translation failed. */
  fault: MmuFault = { kind: "page-fault", errorCode: 0 };
  private readonly state: CpuState;
  private readonly ram: Ram;
  private readonly ept: EptWalker;
  /** Guest-physical and host-physical address of each entry that the walk has used, from the root. */
  private readonly entryGpa = new Float64Array(MAX_LEVELS);
  private readonly entryHpa = new Float64Array(MAX_LEVELS);
  /** The registers that paging depends on, read once per translation. */
  private cr0 = 0;
  private cr4 = 0;
  private efer = 0;
  private cpl = 0;
  private eptpLow = 0;
  private eptpHigh = 0;
  private eptOn = false;
  /** Host-physical address that `locate` found. */
  private located = 0;

  constructor(state: CpuState, ram: Ram) {
    this.state = state;
    this.ram = ram;
    this.ept = new EptWalker(ram);
  }

  /**
   * Translates the linear address `high`:`low`, which the caller knows to be canonical.
   *
   * @returns true with `hpa`, `gpa`, `writable` and `user` set, or false with `fault` set
   * @throws KernelError ENOTSUP for a paging mode that this processor does not have
   * @see SDM 3A, "Paging"; SDM 3C, "The Extended Page Table Mechanism (EPT)"
   */
  translate(low: number, high: number, access: Access): boolean {
    this.readRegisters();
    if ((this.cr0 & Cr0.PG) !== 0) return this.walk(low, high, access);
    this.user = true;
    this.large = false;
    return this.finish(low >>> 0, access, true);
  }

  private readRegisters(): void {
    const { state } = this;
    this.cr0 = state.low("cr0");
    this.cr4 = state.low("cr4");
    this.efer = state.low("efer");
    this.cpl = state.get32("cpl");
    this.eptpLow = state.low("eptp");
    this.eptpHigh = state.high("eptp");
    this.eptOn = state.get32("nonRoot") !== 0 && (this.eptpLow | this.eptpHigh) !== 0;
  }

  private walk(low: number, high: number, access: Access): boolean {
    const { state, ram } = this;
    const levels = pagingLevels(this.cr4, this.efer);
    const reservedHigh = (this.efer & Efer.NXE) !== 0 ? RESERVED_ADDRESS_HIGH : RESERVED_ADDRESS_HIGH | EXECUTE_DISABLE;
    let table = frameOf(state.low("cr3"), state.high("cr3"));
    let allow = PageFlag.writable | PageFlag.user;
    let deny = 0;
    for (let depth = 0; depth < levels.length; depth++) {
      const level = levels[depth];
      const at = table + indexOf(low, high, level.shift) * 8;
      if (!this.locate(at, false)) return false;
      this.entryGpa[depth] = at;
      this.entryHpa[depth] = this.located;
      const entryLow = readWord(ram, this.located);
      const entryHigh = readWord(ram, this.located + 4);
      if ((entryLow & PageFlag.present) === 0) return this.pageFault(access, 0);
      if ((entryHigh & reservedHigh) !== 0 || reservedBits(level, entryLow) !== 0) {
        return this.pageFault(access, PageFaultError.present | PageFaultError.reserved);
      }
      allow &= entryLow;
      deny |= entryHigh & EXECUTE_DISABLE;
      if (!mapsPage(level, entryLow)) {
        table = frameOf(entryLow, entryHigh);
        continue;
      }
      if (!this.permits(access, allow, deny)) return this.pageFault(access, PageFaultError.present);
      const dirty = access === Access.write || (entryLow & PageFlag.dirty) !== 0;
      if (!this.track(depth, dirty)) return false;
      this.user = (allow & PageFlag.user) !== 0;
      this.large = level.tableReserved !== null;
      const gpa = pageFrame(level, entryLow, entryHigh, low) + (low & 0xfff);
      return this.finish(gpa, access, dirty && this.permits(Access.write, allow, deny));
    }
    return false;
  }

  /**
   * Access rights (SDM 3A, "Determination of Access Rights").
   *
   * @param allow AND of the entries' R/W and U/S flags
   * @param deny OR of their execute-disable flags
   */
  private permits(access: Access, allow: number, deny: number): boolean {
    const { cr4 } = this;
    const userPage = (allow & PageFlag.user) !== 0;
    if (this.cpl === 3) {
      if (!userPage) return false;
      if (access === Access.write) return (allow & PageFlag.writable) !== 0;
      return access === Access.read || deny === 0;
    }
    if (access === Access.execute) return deny === 0 && !(userPage && (cr4 & Cr4.SMEP) !== 0);
    if (userPage && (cr4 & Cr4.SMAP) !== 0 && (this.state.get32("systemFlags") & Rflags.AC) === 0) return false;
    return access === Access.read || (allow & PageFlag.writable) !== 0 || (this.cr0 & Cr0.WP) === 0;
  }

  /** Sets the guest's accessed and dirty flags (SDM 3A, "Accessed and Dirty Flags"); these writes are subject to EPT. */
  private track(last: number, dirty: boolean): boolean {
    for (let depth = 0; depth <= last; depth++) {
      const flags = dirty && depth === last ? PageFlag.accessed | PageFlag.dirty : PageFlag.accessed;
      const at = this.entryHpa[depth];
      if ((readWord(this.ram, at) & flags) === flags) continue;
      if (this.lookingAhead || !this.locate(this.entryGpa[depth], true)) return false;
      setFlags(this.ram, at, flags);
    }
    return true;
  }

  /** Finds a guest paging-structure entry in host memory. With EPT accessed and dirty flags, every use of one is a write. */
  private locate(gpa: number, update: boolean): boolean {
    if (!this.eptOn) {
      this.located = gpa;
      return true;
    }
    const writes = update || (this.eptpLow & EptPointerFlag.accessedAndDirty) !== 0;
    const access = writes ? EptFlag.read | EptFlag.write : EptFlag.read;
    if (!this.translateGpa(gpa, access, 0)) return false;
    this.located = this.ept.hpa + (gpa % 4096);
    return true;
  }

  /** The last step: from the guest-physical address that the linear address means to host memory. */
  private finish(gpa: number, access: Access, writable: boolean): boolean {
    this.gpa = gpa - (gpa % 4096);
    if (!this.eptOn) {
      this.hpa = this.gpa;
      this.writable = writable;
      return true;
    }
    if (!this.translateGpa(gpa, eptAccess[access], EptViolation.finalTranslation)) return false;
    this.hpa = this.ept.hpa;
    this.writable = writable && this.ept.writable;
    return true;
  }

  private translateGpa(gpa: number, access: number, final: number): boolean {
    const { ept } = this;
    if (ept.translate(this.eptpLow, this.eptpHigh, gpa, access)) return true;
    this.fault = ept.misconfigured
      ? { kind: "ept-misconfiguration", gpa: BigInt(gpa) }
      : {
          kind: "ept-violation",
          qualification: access | (ept.permissions << 3) | EptViolation.linearValid | final,
          gpa: BigInt(gpa),
        };
    return false;
  }

  /** SDM 3A, "Page-Fault Exceptions". @returns false */
  private pageFault(access: Access, cause: number): boolean {
    let errorCode = cause;
    if (access === Access.write) errorCode |= PageFaultError.write;
    if (this.cpl === 3) errorCode |= PageFaultError.user;
    if (access === Access.execute && this.fetchesAreTold()) errorCode |= PageFaultError.fetch;
    this.fault = { kind: "page-fault", errorCode };
    return false;
  }

  /** The I/D flag of an error code is used only where fetches can be denied as such. */
  private fetchesAreTold(): boolean {
    return (this.cr4 & Cr4.SMEP) !== 0 || ((this.cr4 & Cr4.PAE) !== 0 && (this.efer & Efer.NXE) !== 0);
  }
}
