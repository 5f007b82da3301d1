import { Segment } from "../cpu/state";
import { Cr4, Efer } from "../mmu/control-bits";
import { ExitControl } from "./controls";
import { CR0_KEPT } from "./guest-state";
import type { VmxProcessorPort } from "./processor-port";
import { Rights, SegmentType } from "./segments";
import type { Vmcs } from "./vmcs";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

const FLAT_LIMIT = 0xffff_ffff;
const TSS_LIMIT = 0x67;
const TABLE_LIMIT = 0xffff;
const DATA_RIGHTS = SegmentType.dataWritten | Rights.codeOrData | Rights.present | Rights.big | Rights.granular;
const CODE_RIGHTS = SegmentType.codeRead | Rights.codeOrData | Rights.present | Rights.long | Rights.granular;
const TSS_RIGHTS = SegmentType.busyTss64 | Rights.present;

const dataSegments: readonly (readonly [number, VmcsField, VmcsField | null])[] = [
  [Segment.es, F.hostEsSelector, null],
  [Segment.ss, F.hostSsSelector, null],
  [Segment.ds, F.hostDsSelector, null],
  [Segment.fs, F.hostFsSelector, F.hostFsBase],
  [Segment.gs, F.hostGsSelector, F.hostGsBase],
];

const registers = [
  [F.hostSysenterCs, "sysenterCs"],
  [F.hostSysenterEsp, "sysenterEsp"],
  [F.hostSysenterEip, "sysenterEip"],
  [F.hostGdtrBase, "gdtrBase"],
  [F.hostIdtrBase, "idtrBase"],
  [F.hostRip, "rip"],
] as const satisfies readonly (readonly [VmcsField, string])[];

const RSP = 4;

/** Of the interruptibility state, what a VM exit leaves (SDM 3C, "Updating Non-Register State"). */
const BLOCKING_BY_NMI = 8;

/** SDM 3C, "Loading Host State", for a 64-bit host. */
export function loadHostState(port: VmxProcessorPort, vmcs: Vmcs): void {
  const { state } = port;
  state.set64("cr0", (vmcs.get(F.hostCr0) & ~CR0_KEPT) | (state.get64("cr0") & CR0_KEPT));
  state.set64("cr3", vmcs.get(F.hostCr3));
  state.set64("cr4", vmcs.get(F.hostCr4) | BigInt(Cr4.PAE));
  state.set64("dr", 0x400n, 7);
  state.set64("debugctl", 0n);
  const efer = vmcs.has(F.exitControls, ExitControl.loadEfer) ? vmcs.get(F.hostEfer) : state.get64("efer");
  state.set64("efer", efer | BigInt(Efer.LME | Efer.LMA));
  if (vmcs.has(F.exitControls, ExitControl.loadPat)) state.set64("pat", vmcs.get(F.hostPat));
  for (const [field, register] of registers) state.set64(register, vmcs.get(field));
  state.gpr[RSP] = vmcs.get(F.hostRsp);
  port.rflags = 2n;
  port.interruptibility &= BLOCKING_BY_NMI;

  loadSegment(port, Segment.cs, vmcs.get32(F.hostCsSelector), 0n, FLAT_LIMIT, CODE_RIGHTS);
  for (const [register, selectorField, baseField] of dataSegments) {
    const selector = vmcs.get32(selectorField);
    const base = baseField === null ? 0n : vmcs.get(baseField);
    loadSegment(port, register, selector, base, FLAT_LIMIT, selector === 0 ? Rights.unusable : DATA_RIGHTS);
  }
  loadSegment(port, Segment.tr, vmcs.get32(F.hostTrSelector), vmcs.get(F.hostTrBase), TSS_LIMIT, TSS_RIGHTS);
  loadSegment(port, Segment.ldtr, 0, 0n, 0, Rights.unusable);
  state.set32("gdtrLimit", TABLE_LIMIT);
  state.set32("idtrLimit", TABLE_LIMIT);

  state.set32("cpl", 0);
  state.set32("nonRoot", 0);
  state.set64("eptp", 0n);
  state.set64("vpid", 0n);
  port.exitsAtInterruptWindow = false;
  port.deadline = Number.POSITIVE_INFINITY;
}

function loadSegment(
  port: VmxProcessorPort,
  register: number,
  selector: number,
  base: bigint,
  limit: number,
  rights: number,
): void {
  const { state } = port;
  state.set32("segmentSelector", selector, register);
  state.set64("segmentBase", base, register);
  state.set32("segmentLimit", limit, register);
  state.set32("segmentRights", rights, register);
}
