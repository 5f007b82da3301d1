import type { CpuState } from "../cpu/state";
import { Access, EptViolation, type MmuFault, PageFaultError } from "./access";
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
import { highOfPse36, type PagingFormat, PagingMode, pagingFormats } from "./paging-mode";
import { type Ram, readWord, setFlags } from "./ram";
import { Context, permits, RegisterWord, translationContext } from "./translation-context";

/** EPT permissions that each kind of access needs, by Access. */
const eptAccess = [EptFlag.read, EptFlag.write, EptFlag.execute] as const;

/** In the exit qualification of an access that is not to a guest paging structure. */
const FINAL = EptViolation.linearValid | EptViolation.finalTranslation;

/** The I/D flag of an error code is used only where fetches can be denied as such. */
const FETCHES_ARE_TOLD = Context.smep | Context.executeDisable;

/** Levels that the deepest guest hierarchy has. */
const MAX_LEVELS = 5;

/** Bits of an address, its low half at least: where in its 4 KiB it is, and which 4 KiB they are. */
const OFFSET = 0xfff;
const FRAME = ~OFFSET;

/** Size of the pages that translations without paging are counted in, as a power of two. */
const SMALL_PAGE = 12;

/** Low-half bits 2:1 and 8:5 of a PDPTE are reserved in PAE paging, and so are its bits 63:MAXPHYADDR. */
const PDPTE_RESERVED = 0x1e6;
const PDPTE_RESERVED_HIGH = 0xfff00000 | RESERVED_ADDRESS_HIGH;
const PDPTES = 4;

/** Whether a PDPTE, by its halves, is present and has a reserved bit: then the PDPTE registers do not take it. */
export const isReservedPdpte = (low: number, high: number): boolean =>
  (low & PageFlag.present) !== 0 && ((low & PDPTE_RESERVED) | (high & PDPTE_RESERVED_HIGH)) !== 0;

/** What became of loading the PDPTE registers: "fault" is one of EPT, and `fault` tells which. */
export type PdpteLoad = "loaded" | "reserved" | "fault";

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
  /** Size of the page that the linear address is on, as a power of two: 12, 21, 22 or 30. */
  pageShift = SMALL_PAGE;
  /** The page is global: CR4.PGE and the entry's G flag are set. */
  global = false;
  /** Accesses are implicit supervisor-mode accesses, whatever CPL is; their translations are not for the code that runs. */
  implicitSupervisor = false;
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
  /** What the translation depends on, read once for each. */
  private context = 0;
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
   * Translates the linear address `high`:`low`, which the caller knows to be canonical; outside 64-bit mode `high` is 0.
   *
   * @returns true with `hpa`, `gpa`, `writable`, `user`, `pageShift` and `global` set, or false with `fault` set
   * @see SDM 3A, "Paging"; SDM 3C, "The Extended Page Table Mechanism (EPT)"
   */
  translate(low: number, high: number, access: Access): boolean {
    const { state } = this;
    const { u32 } = state;
    this.readEptPointer();
    this.context = translationContext(state, this.implicitSupervisor);
    const mode = this.context & Context.mode;
    const format = pagingFormats[mode];
    if (format === null) {
      this.user = true;
      this.pageShift = SMALL_PAGE;
      this.global = false;
      return this.finish((low & FRAME) >>> 0, low & OFFSET, access, true);
    }
    if (mode !== PagingMode.pae) {
      const root = frameOf(u32[RegisterWord.cr3], format.narrow ? 0 : u32[RegisterWord.cr3 + 1]);
      return this.walk(format, root, low, high, access);
    }
    const pdpte = RegisterWord.pdpte + (low >>> 30) * 2;
    if ((u32[pdpte] & PageFlag.present) === 0) return this.pageFault(access, 0);
    return this.walk(format, frameOf(u32[pdpte], u32[pdpte + 1]), low, high, access);
  }

  /**
   * Loads the four PDPTE registers of PAE paging; they are not read again until they are loaded again.
   *
   * @param cr3 low half of CR3; bits 31:5 are the table's address
   * @returns "loaded"; "reserved" when an entry that is present has a reserved bit set, or "fault": then none is loaded
   * @see SDM 3A, "PDPTE Registers"
   */
  loadPdptes(cr3: number): PdpteLoad {
    const { state, ram } = this;
    this.readEptPointer();
    const entries: bigint[] = [];
    for (let i = 0; i < PDPTES; i++) {
      if (!this.locate(((cr3 & ~0x1f) >>> 0) + i * 8, false, 0)) return "fault";
      const low = readWord(ram, this.located);
      const high = readWord(ram, this.located + 4);
      if (isReservedPdpte(low, high)) return "reserved";
      entries.push((BigInt(high) << 32n) | BigInt(low));
    }
    for (let i = 0; i < PDPTES; i++) state.set64("pdpte", entries[i], i);
    return "loaded";
  }

  private readEptPointer(): void {
    const { u32 } = this.state;
    this.eptpLow = u32[RegisterWord.eptp];
    this.eptpHigh = u32[RegisterWord.eptp + 1];
    this.eptOn = u32[RegisterWord.nonRoot] !== 0 && (this.eptpLow | this.eptpHigh) !== 0;
  }

  private walk(format: PagingFormat, root: number, low: number, high: number, access: Access): boolean {
    const { ram, context } = this;
    const { levels, narrow } = format;
    const reservedHigh = format.reservedHigh | ((context & Context.executeDisable) !== 0 ? 0 : EXECUTE_DISABLE);
    let table = root;
    let allow = PageFlag.writable | PageFlag.user;
    let deny = 0;
    for (let depth = 0; depth < levels.length; depth++) {
      const level = levels[depth];
      const at = table + (narrow ? ((low >>> level.shift) & 0x3ff) * 4 : indexOf(low, high, level.shift) * 8);
      if (!this.locate(at, false)) return false;
      this.entryGpa[depth] = at;
      this.entryHpa[depth] = this.located;
      const entryLow = readWord(ram, this.located);
      const entryHigh = narrow ? 0 : readWord(ram, this.located + 4);
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
      if (!permits(context, access, allow, deny)) return this.pageFault(access, PageFaultError.present);
      const dirty = access === Access.write || (entryLow & PageFlag.dirty) !== 0;
      if (!this.track(depth, dirty)) return false;
      this.user = (allow & PageFlag.user) !== 0;
      this.pageShift = level.shift;
      this.global = (entryLow & PageFlag.global) !== 0 && (context & Context.globalPages) !== 0;
      const addressHigh = narrow && level.shift > SMALL_PAGE ? highOfPse36(entryLow) : entryHigh;
      const frame = pageFrame(level, entryLow, addressHigh, low);
      return this.finish(frame, low & OFFSET, access, dirty && permits(context, Access.write, allow, deny));
    }
    return false;
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

  /**
   * Finds a guest paging-structure entry in host memory. With EPT accessed and dirty flags, every use of one is a write.
   *
   * @param linear EptViolation.linearValid, or 0 when it is not for a linear address
   */
  private locate(gpa: number, update: boolean, linear: number = EptViolation.linearValid): boolean {
    if (!this.eptOn) {
      this.located = gpa;
      return true;
    }
    const writes = update || (this.eptpLow & EptPointerFlag.accessedAndDirty) !== 0;
    const access = writes ? EptFlag.read | EptFlag.write : EptFlag.read;
    if (!this.translateGpa(gpa, access, linear)) return false;
    this.located = this.ept.hpa + (gpa & OFFSET);
    return true;
  }

  /** The last step: from the guest-physical address that the linear address means to host memory. */
  private finish(frame: number, offset: number, access: Access, writable: boolean): boolean {
    this.gpa = frame;
    if (!this.eptOn) {
      this.hpa = frame;
      this.writable = writable;
      return true;
    }
    if (!this.translateGpa(frame + offset, eptAccess[access], FINAL)) return false;
    this.hpa = this.ept.hpa;
    this.writable = writable && this.ept.writable;
    return true;
  }

  /** @param linear what the exit qualification says of the linear address */
  private translateGpa(gpa: number, access: number, linear: number): boolean {
    const { ept } = this;
    if (ept.translate(this.eptpLow, this.eptpHigh, gpa, access)) return true;
    this.fault = ept.misconfigured
      ? { kind: "ept-misconfiguration", gpa: BigInt(gpa) }
      : {
          kind: "ept-violation",
          qualification: access | (ept.permissions << 3) | linear,
          gpa: BigInt(gpa),
        };
    return false;
  }

  /** SDM 3A, "Page-Fault Exceptions". @returns false */
  private pageFault(access: Access, cause: number): boolean {
    let errorCode = cause;
    if (access === Access.write) errorCode |= PageFaultError.write;
    if ((this.context & Context.user) !== 0) errorCode |= PageFaultError.user;
    if (access === Access.execute && (this.context & FETCHES_ARE_TOLD) !== 0) errorCode |= PageFaultError.fetch;
    this.fault = { kind: "page-fault", errorCode };
    return false;
  }
}
