import type { Processor } from "../cpu/processor";
import { Rflags } from "../cpu/state";
import { readControlRegister } from "../cpu/system/control-registers";
import { Cr0, Cr4, Efer } from "../mmu";
import { NO_VMCS, Rights, SegmentType, VmcsField } from "../vmx";
import type { DomainControls } from "./capabilities";

/** Selectors of a domain's segments: it has no descriptor tables, so they are names only. */
const GuestSelector = { code: 0x08n, data: 0x10n, task: 0x18n } as const;

/** Selectors of the host kernel. */
const HostSelector = { code: 0x10n, data: 0x18n, task: 0x40n } as const;

/** Where a VM exit would continue in a host of machine code: this host is TypeScript, which goes on after `run`. */
const HOST_RIP = 0xffff_ffff_8100_0000n;

const bits = (...flags: readonly number[]): bigint =>
  BigInt.asUintN(
    32,
    flags.reduce((sum, flag) => sum | BigInt(flag), 0n),
  );

const GUEST_CR0 = bits(Cr0.PE, Cr0.MP, Cr0.ET, Cr0.NE, Cr0.WP, Cr0.PG);
const GUEST_CR4 = bits(Cr4.PAE, Cr4.PGE);
const GUEST_EFER = bits(Efer.LME, Efer.LMA, Efer.NXE);

/** All bits of CR0 and CR4 belong to the host: a domain that changes one exits. */
const ALL_BITS = 0xffff_ffff_ffff_ffffn;

/** Every exception exits (seed 001, INTERRUPTS); with error-code mask and match 0, every page fault too. */
const ALL_EXCEPTIONS = 0xffff_ffffn;

const CODE_RIGHTS = BigInt(SegmentType.codeRead | Rights.codeOrData | Rights.present | Rights.long | Rights.granular);
const DATA_RIGHTS = BigInt(SegmentType.dataWritten | Rights.codeOrData | Rights.present | Rights.big | Rights.granular);
const TASK_RIGHTS = BigInt(SegmentType.busyTss64 | Rights.present);
const UNUSABLE = BigInt(Rights.unusable);
const FLAT_LIMIT = 0xffff_ffffn;
const TASK_LIMIT = 0x67n;

/** IA32_PAT after reset (SDM 3A, "Page Attribute Table"): what domains and host use. */
const PAT_RESET = 0x0007_0406_0007_0406n;
const PAT_MSR = 0x277;
const EFER_MSR = 0xc000_0080;
const DR7_RESET = 0x400n;

/** What of a domain's VMCS depends on the domain. */
export interface DomainIdentity {
  readonly eptPointer: bigint;
  readonly vpid: number;
}

/**
 * The VMCS of a new domain: 64-bit, CPL 0, interrupts and exceptions to the host. Fields that are not listed are 0.
 *
 * @param processor any of the host's: its control registers are the host state
 */
export function domainFields(
  controls: DomainControls,
  processor: Processor,
  domain: DomainIdentity,
): readonly (readonly [field: VmcsField, value: bigint])[] {
  return [
    [VmcsField.pinBasedControls, controls.pinBased],
    [VmcsField.processorControls, controls.processor],
    [VmcsField.secondaryControls, controls.secondary],
    [VmcsField.exitControls, controls.exit],
    [VmcsField.entryControls, controls.entry],
    [VmcsField.eptPointer, domain.eptPointer],
    [VmcsField.virtualProcessorId, BigInt(domain.vpid)],
    [VmcsField.exceptionBitmap, ALL_EXCEPTIONS],
    [VmcsField.cr0Mask, ALL_BITS],
    [VmcsField.cr0Shadow, GUEST_CR0],
    [VmcsField.cr4Mask, ALL_BITS],
    [VmcsField.cr4Shadow, GUEST_CR4],

    [VmcsField.hostCr0, readControlRegister(processor, 0)],
    [VmcsField.hostCr3, readControlRegister(processor, 3)],
    [VmcsField.hostCr4, readControlRegister(processor, 4)],
    [VmcsField.hostEfer, processor.readMsr(EFER_MSR)],
    [VmcsField.hostPat, processor.readMsr(PAT_MSR)],
    [VmcsField.hostCsSelector, HostSelector.code],
    [VmcsField.hostSsSelector, HostSelector.data],
    [VmcsField.hostTrSelector, HostSelector.task],
    [VmcsField.hostRip, HOST_RIP],

    [VmcsField.vmcsLinkPointer, NO_VMCS],
    [VmcsField.guestCr0, GUEST_CR0],
    [VmcsField.guestCr4, GUEST_CR4 | bits(Cr4.VMXE)],
    [VmcsField.guestEfer, GUEST_EFER],
    [VmcsField.guestPat, PAT_RESET],
    [VmcsField.guestDr7, DR7_RESET],
    [VmcsField.guestRflags, BigInt(Rflags.fixed)],
    [VmcsField.guestCsSelector, GuestSelector.code],
    [VmcsField.guestCsLimit, FLAT_LIMIT],
    [VmcsField.guestCsRights, CODE_RIGHTS],
    [VmcsField.guestSsSelector, GuestSelector.data],
    [VmcsField.guestSsLimit, FLAT_LIMIT],
    [VmcsField.guestSsRights, DATA_RIGHTS],
    [VmcsField.guestDsSelector, GuestSelector.data],
    [VmcsField.guestDsLimit, FLAT_LIMIT],
    [VmcsField.guestDsRights, DATA_RIGHTS],
    [VmcsField.guestEsSelector, GuestSelector.data],
    [VmcsField.guestEsLimit, FLAT_LIMIT],
    [VmcsField.guestEsRights, DATA_RIGHTS],
    [VmcsField.guestFsSelector, GuestSelector.data],
    [VmcsField.guestFsLimit, FLAT_LIMIT],
    [VmcsField.guestFsRights, DATA_RIGHTS],
    [VmcsField.guestGsSelector, GuestSelector.data],
    [VmcsField.guestGsLimit, FLAT_LIMIT],
    [VmcsField.guestGsRights, DATA_RIGHTS],
    [VmcsField.guestTrSelector, GuestSelector.task],
    [VmcsField.guestTrLimit, TASK_LIMIT],
    [VmcsField.guestTrRights, TASK_RIGHTS],
    [VmcsField.guestLdtrRights, UNUSABLE],
  ];
}
