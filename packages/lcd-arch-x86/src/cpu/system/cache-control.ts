import { Cr4 } from "../../mmu/control-bits";
import { isCanonical } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { InvpcidType } from "../tlb";
import { addressBehind, operandAddress, readMemory } from "./memory-operand";
import { hasCr4, in64BitMode } from "./mode";
import { next, type Operations } from "./operation";

const invalidatePage = next((p) => p.tlb.flushPage(p.state.low("slowAddress")));

/** Bits of the INVPCID descriptor's first half. */
const PCID_BITS = 12n;

const types: ReadonlySet<number> = new Set(Object.values(InvpcidType));

const isInvpcidType = (type: number): type is InvpcidType => types.has(type);

/** INVPCID (SDM 2A): operand 0 is a register with the type, the descriptor is in memory. */
const invalidatePcid = next((p, [register]) => {
  const at = operandAddress(p);
  const wide = in64BitMode(p);
  const type = Number(BigInt.asUintN(wide ? 64 : 32, p.gpr[register]));
  const pcid = readMemory(p, at, 8);
  const address = readMemory(p, addressBehind(p, at, 8), 8);
  const named = type === InvpcidType.address || type === InvpcidType.singleContext;
  const wrong =
    !isInvpcidType(type) ||
    pcid >> PCID_BITS !== 0n ||
    (type === InvpcidType.address && !isCanonical(address)) ||
    (named && pcid !== 0n && !hasCr4(p, Cr4.PCIDE));
  if (wrong) {
    throw generalProtection();
  }
  p.tlb.invalidatePcid(type, Number(pcid), Number(BigInt.asUintN(32, address)));
});

/** In a guest its host decides whether there is INVPCID ("enable INVPCID"). */
const hasInvpcid = (p: Processor): boolean => !p.nonRoot || !p.vmx.exits.invpcidUndefined();

/** Caches are not emulated: writing them back or dropping them changes nothing. */
const nothing = next(() => {});

/** INVLPG, INVPCID, WBINVD and INVD (SDM 2A, 2D). */
export const cacheControl: Operations = {
  invlpg: { exits: "invlpg", qualification: operandAddress, execute: invalidatePage },
  invpcid: { exists: hasInvpcid, exits: "invpcid", described: true, execute: invalidatePcid },
  wbinvd: { exits: "wbinvd", execute: nothing },
  invd: { exits: "invd", execute: nothing },
};
