import { Rflags, Segment } from "../cpu/state";
import { KernelError } from "../errno";
import { Cr0, Efer } from "../mmu/control-bits";
import type { VmxProcessorPort } from "./processor-port";
import { Rights } from "./segments";
import { VmxFault } from "./vmx-fault";

/**
 * VMX instructions need protected mode, and 64-bit code in IA-32e mode.
 *
 * @throws VmxFault; KernelError EBUSY in VMX non-root operation, where the processor exits instead
 */
export function requireVmxMode(port: VmxProcessorPort): void {
  const { state } = port;
  if (state.get32("nonRoot") !== 0) throw new KernelError("EBUSY", "a guest is running on this processor");
  const protectedMode = (state.low("cr0") & Cr0.PE) !== 0 && (state.get32("systemFlags") & Rflags.VM) === 0;
  const compatibility =
    (state.low("efer") & Efer.LMA) !== 0 && (state.get32("segmentRights", Segment.cs) & Rights.long) === 0;
  if (!protectedMode || compatibility) throw new VmxFault("undefined-opcode");
}

/** @throws VmxFault #GP(0) */
export function requireCpl0(port: VmxProcessorPort): void {
  if (port.state.get32("cpl") !== 0) throw new VmxFault("general-protection");
}
