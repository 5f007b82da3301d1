import type { LocalApic } from "./local-apic";
import { ApicRegister, registerAccess } from "./local-apic-registers";

/** The MSR of register 0 (SDM 3A, "x2APIC Register Address Space"). */
const X2APIC_MSR = 0x800;

/**
 * Reads an MSR of the x2APIC.
 *
 * @param msr 0x800 to 0x8ff
 * @returns undefined where that is a #GP
 */
export function readX2apicMsr(apic: LocalApic, msr: number): bigint | undefined {
  const register = msr - X2APIC_MSR;
  if (!apic.isX2apic() || !registerAccess.get(register)?.x2apic.includes("r")) return undefined;
  const low = BigInt(apic.readRegister(register));
  if (register !== ApicRegister.commandLow) return low;
  return (BigInt(apic.readRegister(ApicRegister.commandHigh)) << 32n) | low;
}

/**
 * Writes an MSR of the x2APIC.
 *
 * @param msr 0x800 to 0x8ff
 * @returns false where that is a #GP: reserved bits are checked, and nothing has changed
 */
export function writeX2apicMsr(apic: LocalApic, msr: number, value: bigint): boolean {
  const register = msr - X2APIC_MSR;
  const access = registerAccess.get(register);
  if (!apic.isX2apic() || !access?.x2apic.includes("w")) return false;
  const low = Number(value & 0xffffffffn);
  const high = Number(value >> 32n);
  if ((low & ~access.defined) !== 0) return false;
  if (register === ApicRegister.commandLow) apic.writeRegister(ApicRegister.commandHigh, high);
  else if (high !== 0) return false;
  apic.writeRegister(register, low);
  return true;
}
