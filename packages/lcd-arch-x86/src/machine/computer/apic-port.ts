import { generalProtection } from "../../cpu/exception";
import type { LocalApicPort } from "../../cpu/local-apic-port";
import type { LocalApic } from "../../devices/local-apic";
import { readX2apicMsr, writeX2apicMsr } from "../../devices/x2apic-msrs";

const IA32_APIC_BASE = 0x1b;
const IA32_TSC_DEADLINE = 0x6e0;

/**
 * A local APIC as its processor's instructions reach it: where it refuses, they raise #GP(0).
 *
 * @param moved told where its registers are in memory, -1 for nowhere, when that was written
 */
export function apicPort(apic: LocalApic, initialId: number, moved: (page: number) => void): LocalApicPort {
  return {
    initialId,
    readMsr(index) {
      if (index === IA32_APIC_BASE) return apic.readBase();
      if (index === IA32_TSC_DEADLINE) return apic.readTscDeadline();
      const value = readX2apicMsr(apic, index);
      if (value === undefined) throw generalProtection();
      return value;
    },
    writeMsr(index, value) {
      if (index === IA32_TSC_DEADLINE) {
        apic.writeTscDeadline(value);
        return;
      }
      const taken = index === IA32_APIC_BASE ? apic.writeBase(value) : writeX2apicMsr(apic, index, value);
      if (!taken) throw generalProtection();
      if (index === IA32_APIC_BASE) moved(apic.mmioAddress());
    },
    tscChanged() {
      apic.tscChanged();
    },
    get taskPriority() {
      return apic.readCr8();
    },
    set taskPriority(priority) {
      apic.writeCr8(priority);
    },
  };
}
