import type { AccessSize, MmioDevice } from "./bus";
import type { LocalApic } from "./local-apic";
import { ApicError, registerAccess } from "./local-apic-registers";

/** The registers of an xAPIC in memory: 4 bytes wide, 16 bytes apart (SDM 3A, "The Local APIC Block Diagram"). */
export class XapicPage implements MmioDevice {
  constructor(private readonly apic: LocalApic) {}

  /** Registers can be read in parts. What lies between them is 0. */
  readMemory(offset: number, size: AccessSize): number {
    if ((offset & 0xf) >= 4 || !this.isAccessible(offset >> 4, "r")) return 0;
    const value = this.apic.readRegister(offset >> 4) >>> ((offset & 3) * 8);
    return size === 4 ? value : value & ((1 << (size * 8)) - 1);
  }

  /** Only aligned writes of 4 bytes have an effect. */
  writeMemory(offset: number, size: AccessSize, value: number): void {
    const register = offset >> 4;
    if (size !== 4 || (offset & 0xf) !== 0 || !this.isAccessible(register, "w")) return;
    const defined = registerAccess.get(register)?.defined ?? 0;
    this.apic.writeRegister(register, (value & defined) >>> 0);
  }

  /** Whether a register can be read or written. An address that has none is an error. */
  private isAccessible(register: number, access: "r" | "w"): boolean {
    const accesses = registerAccess.get(register)?.xapic ?? "";
    if (accesses === "") this.apic.reportError(ApicError.illegalRegister);
    return accesses.includes(access);
  }
}
