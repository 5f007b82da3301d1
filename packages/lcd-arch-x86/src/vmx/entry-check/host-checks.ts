import { Cr4 } from "../../mmu/control-bits";
import { isCanonical } from "../../mmu/index";
import { cr0AllowedInVmx, cr4AllowedInVmx } from "../capability";
import { ExitControl } from "../controls";
import { VmcsField as F, type VmcsField } from "../vmcs-field";
import { type Check, isEfer, isPat, isPhysical } from "./check";

/** RPL and TI of a selector. */
const RPL_AND_TI = 7;

const selector = (name: string, field: VmcsField): Check => [
  `host ${name} selector: RPL or TI is not 0`,
  (v) => v.has(field, RPL_AND_TI),
];

const canonical = (name: string, field: VmcsField): Check => [
  `host ${name}: not canonical`,
  (v) => !isCanonical(v.get(field)),
];

/** SDM 3C, "Checks on Host Control Registers, MSRs, and SSP", "... Segment and Descriptor-Table Registers", "... Address-Space Size". */
export const hostChecks: readonly Check[] = [
  ["host CR0: a bit that VMX operation fixes", (v) => !cr0AllowedInVmx(v.get(F.hostCr0))],
  ["host CR4: a bit that VMX operation fixes", (v) => !cr4AllowedInVmx(v.get(F.hostCr4))],
  ["host CR3: a bit beyond the physical-address width", (v) => !isPhysical(v.get(F.hostCr3))],
  canonical("IA32_SYSENTER_ESP", F.hostSysenterEsp),
  canonical("IA32_SYSENTER_EIP", F.hostSysenterEip),
  ["host IA32_PAT: memory type", (v) => v.has(F.exitControls, ExitControl.loadPat) && !isPat(v.get(F.hostPat))],
  [
    "host IA32_EFER: a reserved bit, or not IA-32e mode",
    (v) => v.has(F.exitControls, ExitControl.loadEfer) && !isEfer(v.get(F.hostEfer), true),
  ],
  selector("CS", F.hostCsSelector),
  selector("SS", F.hostSsSelector),
  selector("DS", F.hostDsSelector),
  selector("ES", F.hostEsSelector),
  selector("FS", F.hostFsSelector),
  selector("GS", F.hostGsSelector),
  selector("TR", F.hostTrSelector),
  ["host CS selector is 0", (v) => v.get32(F.hostCsSelector) === 0],
  ["host TR selector is 0", (v) => v.get32(F.hostTrSelector) === 0],
  canonical("FS base", F.hostFsBase),
  canonical("GS base", F.hostGsBase),
  canonical("GDTR base", F.hostGdtrBase),
  canonical("IDTR base", F.hostIdtrBase),
  canonical("TR base", F.hostTrBase),
  ["host CR4: PAE is 0 in a 64-bit host", (v) => !v.has(F.hostCr4, Cr4.PAE)],
  canonical("RIP", F.hostRip),
];
