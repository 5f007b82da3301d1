import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Segment } from "../cpu/state";
import { TestHost, VMCS_A, VMCS_B, VMXON_REGION } from "./test-host";
import { VmcsField as F, type VmcsField } from "./vmcs-field";
import { NO_VMCS } from "./vmx";

let host: TestHost;
beforeEach(() => {
  host = new TestHost().ready();
});

/** [what, field, value]: a valid VMCS with this one field changed. */
type Broken = readonly [string, VmcsField, bigint];

describe("VMLAUNCH and VMRESUME (SDM 3C, Basic VM-Entry Checks)", () => {
  it("fail with VMfailInvalid without a current VMCS", () => {
    host.vmx.vmclear(VMCS_A);
    expect([host.vmx.vmlaunch(), host.vmx.vmresume(), host.flags]).toEqual([-1, -1, "CF"]);
  });

  it("need the launch state: errors 5 and 4", () => {
    expect(host.vmx.vmresume()).toBe(5);
    expect(host.vmx.vmlaunch()).toBe(0);
    host.vmx.exit(18);
    expect(host.vmx.vmlaunch()).toBe(4);
    expect(host.vmx.vmresume()).toBe(0);
  });

  it("keep the launch state while another VMCS is current, and lose it with VMCLEAR", () => {
    host.vmx.vmlaunch();
    host.vmx.exit(18);
    host.vmx.vmptrld(VMCS_B);
    host.vmx.vmptrld(VMCS_A);
    expect(host.vmx.vmlaunch()).toBe(4);
    host.vmx.vmclear(VMCS_A);
    host.vmx.vmptrld(VMCS_A);
    expect(host.vmx.vmresume()).toBe(5);
  });

  it("fail while events are blocked by MOV SS: error 26", () => {
    host.interruptibility = 2;
    expect(host.vmx.vmlaunch()).toBe(26);
  });

  it("cannot be used, like any VMX instruction, while a guest runs", () => {
    host.vmx.vmlaunch();
    expect(() => host.vmx.vmread(F.guestRip)).toThrow(/guest is running/);
  });
});

describe("checks on VMX controls (SDM 3C): error 7", () => {
  it.each<Broken>([
    ["a pin-based control that must be 1", F.pinBasedControls, 0x1en],
    ["a pin-based control that must be 0", F.pinBasedControls, 0x3fn],
    ["a processor control that must be 1", F.processorControls, 0n],
    ["TPR shadow, which is not there", F.processorControls, 0x0421_e1f2n],
    ["five CR3-target values", F.cr3TargetCount, 5n],
    ["a 32-bit host", F.exitControls, 0x0003_6dffn],
    ["save preemption timer without the timer", F.exitControls, 0x0043_6fffn],
    ["entry to SMM", F.entryControls, 0x0000_17ffn],
  ])("%s", (_, field, value) => {
    host.vmx.vmwrite(field, value);
    expect([host.vmx.vmlaunch(), host.flags]).toEqual([7, "ZF"]);
    expect(host.field(F.instructionError)).toBe(7n);
    expect(host.state.get32("nonRoot")).toBe(0);
  });

  it.each<readonly [string, bigint, bigint]>([
    ["VPID 0", 0x20n, 0x1_0000n],
    ["EPT pointer with memory type 1", 0x2n, 0x1_0019n],
    ["EPT pointer with walk length 5", 0x2n, 0x1_0026n],
    ["EPT pointer with bit 7", 0x2n, 0x1_009en],
    ["EPT pointer beyond the physical-address width", 0x2n, (1n << 48n) | 0x1en],
    ["unrestricted guest, which is not there", 0x82n, 0x1_001en],
  ])("secondary controls: %s", (_, secondary, eptp) => {
    host.vmx.vmwrite(F.secondaryControls, secondary);
    host.vmx.vmwrite(F.eptPointer, eptp);
    host.vmx.vmwrite(F.processorControls, 0x8401_e1f2n);
    expect(host.vmx.vmlaunch()).toBe(7);
  });

  it("does not look at secondary controls that are not activated", () => {
    host.vmx.vmwrite(F.secondaryControls, 0xffff_ffffn);
    expect(host.vmx.vmlaunch()).toBe(0);
  });

  it("lets software that knows the true capability MSRs clear CR3 exiting and debug controls", () => {
    host.vmx.vmwrite(F.processorControls, 0x0400_61f2n);
    host.vmx.vmwrite(F.exitControls, 0x0003_6ffbn);
    host.vmx.vmwrite(F.entryControls, 0x0000_13fbn);
    expect(host.vmx.vmlaunch()).toBe(0);
  });
});

/** Bits 63:56 must be alike: linear addresses have 57 bits. */
const NOT_CANONICAL = 1n << 56n;

describe("checks on host state (SDM 3C): error 8", () => {
  it.each<Broken>([
    ["CR0 without PG", F.hostCr0, 0x31n],
    ["CR4 without VMXE", F.hostCr4, 0x20n],
    ["CR4 with a reserved bit", F.hostCr4, 0x8000_2020n],
    ["CR4 without PAE", F.hostCr4, 0x2000n],
    ["CR3 beyond the physical-address width", F.hostCr3, 1n << 48n],
    ["SYSENTER_ESP", F.hostSysenterEsp, NOT_CANONICAL],
    ["SYSENTER_EIP", F.hostSysenterEip, NOT_CANONICAL],
    ["CS with RPL 3", F.hostCsSelector, 0x13n],
    ["DS with TI", F.hostDsSelector, 0x1cn],
    ["CS 0", F.hostCsSelector, 0n],
    ["TR 0", F.hostTrSelector, 0n],
    ["FS base", F.hostFsBase, NOT_CANONICAL],
    ["GS base", F.hostGsBase, NOT_CANONICAL],
    ["TR base", F.hostTrBase, NOT_CANONICAL],
    ["GDTR base", F.hostGdtrBase, NOT_CANONICAL],
    ["IDTR base", F.hostIdtrBase, NOT_CANONICAL],
    ["RIP", F.hostRip, NOT_CANONICAL],
  ])("%s", (_, field, value) => {
    host.vmx.vmwrite(field, value);
    expect(host.vmx.vmlaunch()).toBe(8);
  });

  it("checks IA32_PAT and IA32_EFER only if the exit controls load them", () => {
    host.vmx.vmwrite(F.hostPat, 2n);
    host.vmx.vmwrite(F.hostEfer, 0x100n);
    expect(host.vmx.vmlaunch()).toBe(0);
    host.vmx.exit(18);
    host.vmx.vmwrite(F.exitControls, 0x000b_6fffn);
    expect(host.vmx.vmresume()).toBe(8);
    host.vmx.vmwrite(F.exitControls, 0x0023_6fffn);
    expect(host.vmx.vmresume()).toBe(8);
    host.vmx.vmwrite(F.hostEfer, 0xd01n);
    expect(host.vmx.vmresume()).toBe(0);
  });
});

describe("checks on guest state (SDM 3C): a VM-entry failure, exit reason 33", () => {
  it.each<Broken>([
    ["CR0 without PE", F.guestCr0, 0x8001_0030n],
    ["CR4 without VMXE", F.guestCr4, 0x20n],
    ["CR4 without PAE", F.guestCr4, 0x2000n],
    ["CR3 beyond the physical-address width", F.guestCr3, 1n << 48n],
    ["DR7 above 32 bits", F.guestDr7, 1n << 32n],
    ["DEBUGCTL with a reserved bit", F.guestDebugctl, 4n],
    ["SYSENTER_ESP", F.guestSysenterEsp, NOT_CANONICAL],
    ["TR selector with TI", F.guestTrSelector, 0x24n],
    ["SS with RPL 3 beside CS with RPL 0", F.guestSsSelector, 0x1bn],
    ["TR base", F.guestTrBase, NOT_CANONICAL],
    ["FS base", F.guestFsBase, NOT_CANONICAL],
    ["GS base", F.guestGsBase, NOT_CANONICAL],
    ["CS base above 4 GiB", F.guestCsBase, 1n << 32n],
    ["SS base above 4 GiB", F.guestSsBase, 1n << 32n],
    ["CS as data", F.guestCsRights, 0xa093n],
    ["CS not accessed", F.guestCsRights, 0xa09an],
    ["CS as a system segment", F.guestCsRights, 0xa08bn],
    ["CS not present", F.guestCsRights, 0xa01bn],
    ["CS with DPL 3", F.guestCsRights, 0xa0fbn],
    ["CS with L and D", F.guestCsRights, 0xe09bn],
    ["CS with a reserved bit", F.guestCsRights, 0xa19bn],
    ["CS byte-granular with a 4-GiB limit", F.guestCsRights, 0x209bn],
    ["CS page-granular with a limit of 0", F.guestCsLimit, 0n],
    ["SS read-only", F.guestSsRights, 0xc091n],
    ["SS with DPL 3", F.guestSsRights, 0xc0f3n],
    ["DS as code that cannot be read", F.guestDsRights, 0x99n],
    ["ES not accessed", F.guestEsRights, 0x92n],
    ["FS not present", F.guestFsRights, 0xc013n],
    ["TR unusable", F.guestTrRights, 0x1_0000n],
    ["TR not busy", F.guestTrRights, 0x89n],
    ["LDTR as a TSS", F.guestLdtrRights, 0x8bn],
    ["GDTR base", F.guestGdtrBase, NOT_CANONICAL],
    ["GDTR limit above 64 KiB", F.guestGdtrLimit, 0x1_0000n],
    ["IDTR limit above 64 KiB", F.guestIdtrLimit, 0x1_0000n],
    ["RIP", F.guestRip, 1n << 57n],
    ["RFLAGS without bit 1", F.guestRflags, 0n],
    ["RFLAGS with bit 3", F.guestRflags, 0xan],
    ["RFLAGS with bit 22", F.guestRflags, 0x40_0002n],
    ["RFLAGS with VM", F.guestRflags, 0x2_0002n],
    ["HLT activity, which is not there", F.guestActivity, 1n],
    ["interruptibility with a reserved bit", F.guestInterruptibility, 0x20n],
    ["blocking by STI with IF 0", F.guestInterruptibility, 1n],
  ])("%s", (_, field, value) => {
    host.vmx.vmwrite(field, value);
    expect(host.vmx.vmlaunch()).toBe(-2);
    expect(host.field(F.exitReason)).toBe(0x8000_0021n);
    expect(host.field(F.exitQualification)).toBe(0n);
    expect(host.state.get32("nonRoot")).toBe(0);
    expect(host.state.get64("rip")).toBe(0xffff_ffff_8100_0000n);
    expect(host.vmx.entryFailure).toMatch(/^guest /);
  });

  it("leaves the launch state clear and the guest state unsaved", () => {
    host.vmx.vmwrite(F.guestRip, 1n << 57n);
    host.vmx.vmlaunch();
    expect(host.field(F.guestRip)).toBe(1n << 57n);
    host.vmx.vmwrite(F.guestRip, 0n);
    expect(host.vmx.vmlaunch()).toBe(0);
  });

  it.each([
    ["not aligned", 0x3001n],
    ["the current VMCS", VMCS_A],
    ["no VMCS", 0x5000n],
  ])("a link pointer that is %s has qualification 4", (_, link) => {
    host.vmx.vmwrite(F.vmcsLinkPointer, link);
    expect(host.vmx.vmlaunch()).toBe(-2);
    expect(host.field(F.exitQualification)).toBe(4n);
  });

  it("does not look at unusable segments", () => {
    host.vmx.vmwrite(F.guestDsRights, 0x1_ffffn);
    expect(host.vmx.vmlaunch()).toBe(0);
  });

  it("accepts compatibility-mode code below 4 GiB and rejects it above", () => {
    host.vmx.vmwrite(F.guestCsRights, 0xc09bn);
    expect(host.vmx.vmlaunch()).toBe(-2);
    host.vmx.vmwrite(F.guestRip, 0xffff_fff0n);
    expect(host.vmx.vmlaunch()).toBe(0);
  });
});

describe("loading guest state (SDM 3C)", () => {
  it("loads control registers, segments, descriptor tables, RSP, RIP and RFLAGS", () => {
    host.vmx.vmwrite(F.guestRflags, 0x8d7n);
    host.vmx.vmwrite(F.guestGdtrBase, 0x9000n);
    host.vmx.vmwrite(F.guestGdtrLimit, 0x7fn);
    expect(host.vmx.vmlaunch()).toBe(0);
    const { state } = host;
    expect(state.get64("cr3")).toBe(0x10_0000n);
    expect(state.get64("cr4")).toBe(0x2020n);
    expect(state.get64("rip")).toBe(0xffff_ffff_a000_0000n);
    expect(state.gpr[4]).toBe(0x50_8000n);
    expect(host.rflags).toBe(0x8d7n);
    expect(state.get64("segmentBase", Segment.gs)).toBe(0x50_0000n);
    expect(state.get32("segmentRights", Segment.cs)).toBe(0xa09b);
    expect(state.get32("segmentRights", Segment.ds)).toBe(0x1_0000);
    expect(state.get32("segmentLimit", Segment.tr)).toBe(0x67);
    expect([state.get64("gdtrBase"), state.get32("gdtrLimit")]).toEqual([0x9000n, 0x7f]);
    expect([state.get32("nonRoot"), state.get32("cpl")]).toEqual([1, 0]);
  });

  it("takes the CPL from the DPL of SS", () => {
    host.vmx.vmwrite(F.guestCsSelector, 0x13n);
    host.vmx.vmwrite(F.guestSsSelector, 0x1bn);
    host.vmx.vmwrite(F.guestCsRights, 0xa0fbn);
    host.vmx.vmwrite(F.guestSsRights, 0xc0f3n);
    expect(host.vmx.vmlaunch()).toBe(0);
    expect(host.state.get32("cpl")).toBe(3);
  });

  it("keeps CD, NW and ET of CR0", () => {
    host.vmx.vmwrite(F.guestCr0, 0xe001_0021n);
    host.vmx.vmlaunch();
    expect(host.state.get64("cr0")).toBe(0x8001_0031n);
  });

  it("loads IA32_EFER and IA32_PAT if the entry controls say so", () => {
    host.vmx.vmwrite(F.entryControls, 0x0000_d3ffn);
    host.vmx.vmwrite(F.guestEfer, 0x501n);
    host.vmx.vmwrite(F.guestPat, 0x0007_0406_0007_0406n);
    expect(host.vmx.vmlaunch()).toBe(0);
    expect([host.state.get64("efer"), host.state.get64("pat")]).toEqual([0x501n, 0x0007_0406_0007_0406n]);
  });

  it("sets EPT pointer and VPID as the secondary controls enable them", () => {
    host.vmx.vmwrite(F.eptPointer, 0x6_001en);
    host.vmx.vmwrite(F.virtualProcessorId, 7n);
    host.log.length = 0;
    host.vmx.vmlaunch();
    expect([host.state.get64("eptp"), host.state.get64("vpid")]).toEqual([0n, 0n]);
    expect(host.log).toEqual(["vpid 0 all", "address space"]);
    host.vmx.exit(18);
    host.vmx.vmwrite(F.processorControls, 0x8401_e1f2n);
    host.vmx.vmwrite(F.secondaryControls, 0x22n);
    host.log.length = 0;
    host.vmx.vmresume();
    expect([host.state.get64("eptp"), host.state.get64("vpid")]).toEqual([0x6_001en, 7n]);
    expect(host.log).toEqual(["address space"]);
    host.vmx.exit(18);
    expect([host.state.get64("eptp"), host.state.get64("vpid")]).toEqual([0n, 0n]);
  });
});

describe("VMX-preemption timer (SDM 3C)", () => {
  it("sets the deadline in retired instructions while its control is set", () => {
    host.vmx.vmwrite(F.preemptionTimer, 500n);
    host.vmx.vmlaunch();
    expect(host.deadline).toBe(Number.POSITIVE_INFINITY);
    host.vmx.exit(18);
    host.vmx.vmwrite(F.pinBasedControls, 0x5fn);
    host.vmx.vmresume();
    expect(host.deadline).toBe(1500);
  });

  it("is saved by a VM exit if the exit controls say so, and stops", () => {
    host.vmx.vmwrite(F.pinBasedControls, 0x5fn);
    host.vmx.vmwrite(F.preemptionTimer, 500n);
    host.vmx.vmlaunch();
    host.time += 100;
    host.vmx.exit(18);
    expect([host.field(F.preemptionTimer), host.deadline]).toEqual([500n, Number.POSITIVE_INFINITY]);
    host.vmx.vmwrite(F.exitControls, 0x0043_6fffn);
    host.vmx.vmresume();
    host.time += 100;
    host.vmx.exit(18);
    expect(host.field(F.preemptionTimer)).toBe(400n);
    host.vmx.vmresume();
    host.time += 1000;
    host.vmx.exit(52);
    expect(host.field(F.preemptionTimer)).toBe(0n);
  });
});

describe("VMX operation ends with VMXOFF", () => {
  it("writes the current VMCS back and forgets it", () => {
    host.vmx.vmwrite(F.guestRip, 0x1234n);
    expect(host.vmx.vmxoff()).toBe(0);
    host.vmx.vmxon(VMXON_REGION);
    expect(host.vmx.vmptrst()).toBe(NO_VMCS);
    host.vmx.vmptrld(VMCS_A);
    expect(host.field(F.guestRip)).toBe(0x1234n);
  });
});

describe("any contents of a VMCS", () => {
  const encoding = fc.constantFrom(...Object.values(F));
  const value = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.bigInt({ min: 0n, max: 0x1_ffffn }));

  it("make VM entry succeed, or fail as the manual says, and never leave the processor between host and guest", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(encoding, value), { maxLength: 3 }), (writes) => {
        const each = new TestHost().ready();
        for (const [field, written] of writes) each.vmx.vmwrite(field, written);
        const result = each.vmx.vmlaunch();
        expect([0, 7, 8, -2]).toContain(result);
        expect(each.state.get32("nonRoot")).toBe(result === 0 ? 1 : 0);
        if (result !== 0) return;
        // What a guest was entered with, it can be entered with again after an exit that changes nothing.
        each.vmx.exit(18);
        each.vmx.vmwrite(F.preemptionTimer, 0n);
        expect(each.vmx.vmresume()).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
