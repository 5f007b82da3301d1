import { beforeEach, describe, expect, it } from "vitest";
import { hardwareException, softwareException, softwareInterrupt } from "../cpu/interrupt/event";
import { Segment } from "../cpu/state";
import { TestHost } from "./test-host";
import { VmcsField as F } from "./vmcs-field";

let host: TestHost;
beforeEach(() => {
  host = new TestHost().ready();
});

describe("VM exits (SDM 3C, Recording VM-Exit Information)", () => {
  it("record reason, qualification, addresses and instruction", () => {
    host.vmx.vmlaunch();
    host.vmx.exit(48, {
      qualification: 0x182n,
      guestLinearAddress: 0xffff_ffff_a000_1234n,
      guestPhysicalAddress: 0x51_0234n,
      instructionLength: 3,
      instructionInformation: 5,
    });
    expect(host.field(F.exitReason)).toBe(48n);
    expect(host.field(F.exitQualification)).toBe(0x182n);
    expect(host.field(F.guestLinearAddress)).toBe(0xffff_ffff_a000_1234n);
    expect(host.field(F.guestPhysicalAddress)).toBe(0x51_0234n);
    expect(host.field(F.exitInstructionLength)).toBe(3n);
    expect(host.field(F.exitInstructionInformation)).toBe(5n);
  });

  it("leave nothing of an earlier exit behind", () => {
    host.vmx.vmlaunch();
    host.vmx.exitForException(hardwareException(14, 2), 0x1234n);
    host.vmx.vmresume();
    host.vmx.exit(18, { instructionLength: 3 });
    expect(host.field(F.exitQualification)).toBe(0n);
    expect(host.field(F.exitInterruptionInformation)).toBe(0n);
    expect(host.field(F.exitInterruptionErrorCode)).toBe(0n);
  });

  // Bits 7:0 vector, 10:8 type, 11 error code valid, 31 valid.
  it.each([
    ["a page fault", hardwareException(14, 2), 0x8000_0b0en, 2n],
    ["a divide error", hardwareException(0, null), 0x8000_0300n, 0n],
    ["INT3, a software exception", softwareException(3, 1), 0x8000_0603n, 0n],
    ["INT1, a privileged software exception", softwareException(1, 1), 0x8000_0501n, 0n],
    ["a debug exception", hardwareException(1, null), 0x8000_0301n, 0n],
  ])("describe %s", (_, event, information, code) => {
    host.vmx.vmlaunch();
    host.vmx.exitForException(event, 0x77n);
    expect(host.field(F.exitReason)).toBe(0n);
    expect(host.field(F.exitInterruptionInformation)).toBe(information);
    expect(host.field(F.exitInterruptionErrorCode)).toBe(code);
    expect(host.field(F.exitQualification)).toBe(0x77n);
    expect(host.field(F.exitInstructionLength)).toBe(BigInt(event.length));
  });

  it("tell which event was being delivered, once", () => {
    host.vmx.vmlaunch();
    host.delivering = softwareInterrupt(0x80, 2);
    host.vmx.exitForException(hardwareException(13, 0x402));
    // Vector 13, type 3, with error code; IDT-vectoring: vector 0x80, type 4.
    expect(host.field(F.exitInterruptionInformation)).toBe(0x8000_0b0dn);
    expect(host.field(F.idtVectoringInformation)).toBe(0x8000_0480n);
    expect(host.field(F.exitInstructionLength)).toBe(2n);
    host.vmx.vmresume();
    host.vmx.exit(18, { instructionLength: 3 });
    expect(host.field(F.idtVectoringInformation)).toBe(0n);
  });
});

describe("saving guest state (SDM 3C)", () => {
  it("writes what the guest has changed", () => {
    host.vmx.vmlaunch();
    const { state } = host;
    state.set64("rip", 0x1234n);
    state.gpr[4] = 0x5678n;
    state.set64("cr3", 0x20_0000n);
    state.set64("dr", 0x401n, 7);
    state.set64("segmentBase", 0x9999n, Segment.fs);
    state.set32("segmentRights", 0x1_0000, Segment.ss);
    state.set64("idtrBase", 0x8888n);
    host.rflags = 0x246n;
    host.interruptibility = 1;
    host.vmx.exit(12);
    expect(host.field(F.guestRip)).toBe(0x1234n);
    expect(host.field(F.guestRsp)).toBe(0x5678n);
    expect(host.field(F.guestCr3)).toBe(0x20_0000n);
    expect(host.field(F.guestDr7)).toBe(0x401n);
    expect(host.field(F.guestFsBase)).toBe(0x9999n);
    expect(host.field(F.guestSsRights)).toBe(0x1_0000n);
    expect(host.field(F.guestIdtrBase)).toBe(0x8888n);
    expect(host.field(F.guestRflags)).toBe(0x246n);
    expect(host.field(F.guestInterruptibility)).toBe(1n);
  });

  it("saves IA32_EFER and IA32_PAT only if the exit controls say so", () => {
    host.vmx.vmlaunch();
    host.state.set64("efer", 0xd01n);
    host.vmx.exit(12);
    expect(host.field(F.guestEfer)).toBe(0n);
    host.vmx.vmwrite(F.exitControls, 0x0017_6fffn);
    host.vmx.vmresume();
    host.state.set64("efer", 0xd01n);
    host.state.set64("pat", 0x0606n);
    host.vmx.exit(12);
    expect([host.field(F.guestEfer), host.field(F.guestPat)]).toEqual([0xd01n, 0x0606n]);
  });
});

describe("loading host state (SDM 3C)", () => {
  it("loads registers from the host-state area and clears the flags", () => {
    host.vmx.vmlaunch();
    host.rflags = 0xcd7n;
    host.interruptibility = 1;
    host.state.set64("debugctl", 1n);
    host.vmx.exit(12);
    const { state } = host;
    expect(state.get64("cr0")).toBe(0x8000_0031n);
    expect([state.get64("cr3"), state.get64("cr4")]).toEqual([0x7000n, 0x2020n]);
    expect([state.get64("rip"), state.gpr[4]]).toEqual([0xffff_ffff_8100_0000n, 0xffff_8880_0000_6000n]);
    expect([host.rflags, host.interruptibility]).toEqual([2n, 0]);
    expect([state.get64("dr", 7), state.get64("debugctl")]).toEqual([0x400n, 0n]);
    expect([state.get64("gdtrBase"), state.get32("gdtrLimit")]).toEqual([0x4444n, 0xffff]);
    expect([state.get64("idtrBase"), state.get32("idtrLimit")]).toEqual([0x5555n, 0xffff]);
    expect([state.get32("cpl"), state.get32("nonRoot")]).toEqual([0, 0]);
  });

  it("gives segments the fixed attributes of a 64-bit host", () => {
    host.vmx.vmlaunch();
    host.vmx.exit(12);
    const segment = (register: number) => [
      host.state.get32("segmentSelector", register),
      host.state.get64("segmentBase", register),
      host.state.get32("segmentLimit", register),
      host.state.get32("segmentRights", register),
    ];
    expect(segment(Segment.cs)).toEqual([0x10, 0n, 0xffff_ffff, 0xa09b]);
    expect(segment(Segment.ss)).toEqual([0x18, 0n, 0xffff_ffff, 0xc093]);
    expect(segment(Segment.ds)).toEqual([0, 0n, 0xffff_ffff, 0x1_0000]);
    expect(segment(Segment.gs).slice(0, 2)).toEqual([0, 0xffff_8880_0000_2222n]);
    expect(segment(Segment.tr)).toEqual([0x40, 0x3333n, 0x67, 0x8b]);
    expect(segment(Segment.ldtr)).toEqual([0, 0n, 0, 0x1_0000]);
  });

  it("loads IA32_EFER and IA32_PAT if the exit controls say so", () => {
    host.vmx.vmwrite(F.exitControls, 0x002b_6fffn);
    host.vmx.vmwrite(F.hostEfer, 0xd01n);
    host.vmx.vmwrite(F.hostPat, 0x0007_0406n);
    host.vmx.vmlaunch();
    host.vmx.exit(12);
    expect([host.state.get64("efer"), host.state.get64("pat")]).toEqual([0xd01n, 0x0007_0406n]);
  });

  it("tells the processor that the address space has changed", () => {
    host.vmx.vmlaunch();
    host.log.length = 0;
    host.vmx.exit(12);
    expect(host.log).toEqual(["vpid 0 all", "address space"]);
  });
});
