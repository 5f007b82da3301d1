import { Cr4 } from "../mmu/control-bits";
import { isReservedPdpte, PagingMode, pagingMode } from "../mmu/index";
import { Secondary } from "./controls";
import { isIa32e } from "./entry-check/check";
import { secondaryControls } from "./entry-check/control-checks";
import type { VmxProcessorPort } from "./processor-port";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

const fields = [F.guestPdpte0, F.guestPdpte1, F.guestPdpte2, F.guestPdpte3] as const;

const usesEpt = (vmcs: Vmcs): boolean => (secondaryControls(vmcs) & Secondary.enableEpt) !== 0;

/**
 * Loads the PDPTE registers of a guest with PAE paging: under EPT from the VMCS, else from memory. To be called when the
 * other guest state has been loaded (SDM 3C, "Loading Page-Directory-Pointer-Table Entries").
 *
 * @returns false when an entry has a reserved bit: then none is loaded
 */
export function loadPdptes({ state, mmu }: VmxProcessorPort, vmcs: Vmcs): boolean {
  // A guest has paging.
  if (isIa32e(vmcs) || !vmcs.has(F.guestCr4, Cr4.PAE)) return true;
  if (!usesEpt(vmcs)) return mmu.loadPdptes(state.low("cr3")) === "loaded";
  const entries = fields.map((field) => vmcs.get(field));
  if (entries.some((entry) => isReservedPdpte(Number(BigInt.asUintN(32, entry)), Number(entry >> 32n)))) return false;
  entries.forEach((entry, index) => {
    state.set64("pdpte", entry, index);
  });
  return true;
}

/** Saves them, if the guest uses EPT and PAE paging (SDM 3C, "Saving Non-Register State"). */
export function savePdptes({ state }: VmxProcessorPort, vmcs: Vmcs): void {
  const mode = pagingMode(state.low("cr0"), state.low("cr4"), state.low("efer"));
  if (!usesEpt(vmcs) || mode !== PagingMode.pae) return;
  fields.forEach((field, index) => {
    vmcs.set(field, state.get64("pdpte", index));
  });
}
