import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { Cr4 } from "../mmu/control-bits";
import { REVISION, TestHost, VMCS_A, VMCS_B, VMXON_REGION } from "./test-host";
import { VmcsField as F } from "./vmcs-field";
import { NO_VMCS } from "./vmx";

let host: TestHost;
beforeEach(() => {
  host = new TestHost();
});

const undefinedOpcode = expect.objectContaining({ vector: 6, errorCode: null });
const generalProtection = expect.objectContaining({ vector: 13, errorCode: 0 });

describe("VMXON (SDM 3C, VMX Instruction Reference)", () => {
  it("enters VMX operation, with no current VMCS", () => {
    expect(host.vmx.on).toBe(false);
    expect(host.vmx.vmxon(VMXON_REGION)).toBe(0);
    expect([host.vmx.on, host.flags, host.vmx.vmptrst()]).toEqual([true, "", NO_VMCS]);
  });

  it("is undefined while CR4.VMXE is 0, outside protected mode, and in compatibility mode", () => {
    host.state.set64("cr4", BigInt(Cr4.PAE));
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(undefinedOpcode);
    host = new TestHost();
    host.state.set64("cr0", 0x10n);
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(undefinedOpcode);
    host = new TestHost();
    host.state.set32("segmentRights", 0xc09b, 1);
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(undefinedOpcode);
  });

  it.each([0n, 1n, 4n])("raises #GP(0) while IA32_FEATURE_CONTROL is %i: not locked, or VMX not enabled", (value) => {
    host.state.set64("featureControl", value);
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(generalProtection);
  });

  it("raises #GP(0) above CPL 0 and for CR0 values that VMX operation does not allow", () => {
    host.state.set32("cpl", 3);
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(generalProtection);
    host.state.set32("cpl", 0);
    host.state.set64("cr0", 0x8000_0011n); // NE is 0
    expect(() => host.vmx.vmxon(VMXON_REGION)).toThrow(generalProtection);
  });

  it.each([
    ["not aligned", 0x1008n],
    ["beyond the physical-address width", 1n << 48n],
    ["without the revision identifier", 0x5000n],
    ["outside RAM", 0x10_0000n],
  ])("fails with VMfailInvalid for a region %s", (_, region) => {
    expect(host.vmx.vmxon(region)).toBe(-1);
    expect([host.flags, host.vmx.on]).toEqual(["CF", false]);
  });

  it("fails in VMX root operation: with error 15 if a VMCS is current", () => {
    host.vmx.vmxon(VMXON_REGION);
    expect(host.vmx.vmxon(VMXON_REGION)).toBe(-1);
    host.vmx.vmptrld(VMCS_A);
    expect(host.vmx.vmxon(VMXON_REGION)).toBe(15);
    expect([host.flags, host.field(F.instructionError)]).toEqual(["ZF", 15n]);
  });

  it("fixes bits of CR0 and CR4 until VMXOFF", () => {
    expect([host.vmx.cr0Allowed(0x11n), host.vmx.cr4Allowed(0x20n)]).toEqual([true, true]);
    host.vmx.vmxon(VMXON_REGION);
    expect([host.vmx.cr0Allowed(0x11n), host.vmx.cr4Allowed(0x20n)]).toEqual([false, false]);
    expect([host.vmx.cr0Allowed(0x8000_0021n), host.vmx.cr4Allowed(0x2020n)]).toEqual([true, true]);
    host.vmx.vmxoff();
    expect(host.vmx.cr4Allowed(0x20n)).toBe(true);
  });
});

describe("VMX instructions outside VMX operation", () => {
  it("are undefined", () => {
    const { vmx } = host;
    const all = [
      () => vmx.vmxoff(),
      () => vmx.vmclear(VMCS_A),
      () => vmx.vmptrld(VMCS_A),
      () => vmx.vmptrst(),
      () => vmx.vmread(0),
      () => vmx.vmwrite(0, 0n),
      () => vmx.vmlaunch(),
      () => vmx.vmresume(),
      () => vmx.vmcall(),
      () => vmx.invept(2, 0n),
      () => vmx.invvpid(2, 0n, 0n),
    ];
    for (const instruction of all) expect(instruction).toThrow(undefinedOpcode);
    vmx.vmxon(VMXON_REGION);
    host.state.set32("cpl", 3);
    for (const instruction of all) expect(instruction).toThrow(generalProtection);
  });
});

describe("VMCLEAR, VMPTRLD and VMPTRST", () => {
  beforeEach(() => {
    host.vmx.vmxon(VMXON_REGION);
    host.vmx.vmptrld(VMCS_A);
  });

  it("make a VMCS current and not current", () => {
    expect(host.vmx.vmptrst()).toBe(VMCS_A);
    expect(host.vmx.vmclear(VMCS_B)).toBe(0);
    expect(host.vmx.vmptrst()).toBe(VMCS_A);
    expect(host.vmx.vmclear(VMCS_A)).toBe(0);
    expect(host.vmx.vmptrst()).toBe(NO_VMCS);
  });

  it("report invalid and VMXON addresses: errors 2, 3, 9, 10", () => {
    expect(host.vmx.vmclear(0x2001n)).toBe(2);
    expect(host.vmx.vmclear(1n << 50n)).toBe(2);
    expect(host.vmx.vmclear(VMXON_REGION)).toBe(3);
    expect(host.vmx.vmptrld(0x2800n)).toBe(9);
    expect(host.vmx.vmptrld(VMXON_REGION)).toBe(10);
    expect(host.vmx.vmptrst()).toBe(VMCS_A);
  });

  it("report a wrong revision identifier, and the shadow-VMCS indicator: error 11", () => {
    expect(host.vmx.vmptrld(0x5000n)).toBe(11);
    host.memory.writeU32(__hpa(0x5000), REVISION | 0x8000_0000);
    expect(host.vmx.vmptrld(0x5000n)).toBe(11);
    expect(host.vmx.vmptrld(0x100_0000n)).toBe(11);
  });

  it("keep each VMCS's fields in its own region, from one processor to another", () => {
    host.vmx.vmwrite(F.guestRip, 0x1111n);
    host.vmx.vmptrld(VMCS_B);
    host.vmx.vmwrite(F.guestRip, 0x2222n);
    host.vmx.vmptrld(VMCS_A);
    expect(host.field(F.guestRip)).toBe(0x1111n);
    host.vmx.vmclear(VMCS_A);

    const other = new TestHost();
    other.memory.write(__hpa(VMCS_A), host.memory.read(__hpa(VMCS_A), 4096));
    other.vmx.vmxon(VMXON_REGION);
    other.vmx.vmptrld(VMCS_A);
    expect(other.field(F.guestRip)).toBe(0x1111n);
  });

  it("loading the current VMCS again keeps what was written to it", () => {
    host.vmx.vmwrite(F.guestRip, 0x1111n);
    host.vmx.vmptrld(VMCS_A);
    expect(host.field(F.guestRip)).toBe(0x1111n);
  });
});

describe("VMREAD and VMWRITE (SDM 3D, Field Encoding in VMCS)", () => {
  it("fail with VMfailInvalid without a current VMCS", () => {
    host.vmx.vmxon(VMXON_REGION);
    expect([host.vmx.vmread(F.guestRip), host.flags]).toEqual([-1, "CF"]);
    expect(host.vmx.vmwrite(F.guestRip, 0n)).toBe(-1);
  });

  it("truncate to the width of the field", () => {
    host.ready();
    host.vmx.vmwrite(F.guestCsSelector, 0x12_3458n);
    host.vmx.vmwrite(F.guestCsLimit, 0x1_2345_6789n);
    expect([host.field(F.guestCsSelector), host.field(F.guestCsLimit)]).toEqual([0x3458n, 0x2345_6789n]);
  });

  it("reach the upper half of a 64-bit field with the high access type, and of no other", () => {
    host.ready();
    host.vmx.vmwrite(0x2802, 0x1111_2222_3333_4444n);
    expect(host.vmx.vmread(0x2803)).toBe(0x1111_2222n);
    host.vmx.vmwrite(0x2803, 0x9_aaaa_bbbbn);
    expect(host.vmx.vmread(0x2802)).toBe(0xaaaa_bbbb_3333_4444n);
    expect(host.vmx.vmread(0x681f)).toBe(12);
  });

  it.each([0x2012, 0x2014, 0x0002, 0x7ffe, 0x1_0000, 0xffff_ffff])("do not know component %i: error 12", (field) => {
    host.ready();
    expect([host.vmx.vmread(field), host.flags]).toEqual([12, "ZF"]);
    expect(host.vmx.vmwrite(field, 0n)).toBe(12);
    expect(host.field(F.instructionError)).toBe(12n);
  });

  it("cannot write the exit information: error 13", () => {
    host.ready();
    expect(host.vmx.vmwrite(F.exitReason, 0n)).toBe(13);
  });

  it("leave the other flags of RFLAGS alone and clear the arithmetic ones", () => {
    host.ready();
    host.rflags = 0x2_0ad7n & ~0x2_0000n; // IF, and all arithmetic flags
    host.vmx.vmread(F.guestRip);
    expect(host.rflags).toBe(0x202n);
  });
});

describe("INVEPT and INVVPID", () => {
  beforeEach(() => {
    host.ready();
    host.log.length = 0;
  });

  it("drop the translations that the type names", () => {
    expect(host.vmx.invept(1, 0x6_001en)).toBe(0);
    expect(host.vmx.invept(2, 0n)).toBe(0);
    expect(host.vmx.invvpid(0, 5n, 0x1234n)).toBe(0);
    expect(host.vmx.invvpid(1, 5n, 0n)).toBe(0);
    expect(host.vmx.invvpid(2, 0n, 0n)).toBe(0);
    expect(host.vmx.invvpid(3, 6n, 0n)).toBe(0);
    expect(host.log).toEqual(["ept 6001e", "ept all", "vpid 5 1234", "vpid 5 all", "vpid all all", "vpid 6 all"]);
  });

  it("fail with error 28 for an operand that is not valid, and drop nothing", () => {
    expect(host.vmx.invept(0, 0n)).toBe(28);
    expect(host.vmx.invept(1, 0x6_0006n)).toBe(28);
    expect(host.vmx.invvpid(0, 0n, 0n)).toBe(28);
    expect(host.vmx.invvpid(0, 5n, 1n << 56n)).toBe(28);
    expect(host.vmx.invvpid(1, 0n, 0n)).toBe(28);
    expect(host.vmx.invvpid(1, 0x1_0005n, 0n)).toBe(28);
    expect(host.vmx.invvpid(3, 0n, 0n)).toBe(28);
    expect(host.vmx.invvpid(4, 5n, 0n)).toBe(28);
    expect(host.log).toEqual([]);
  });
});

describe("VMCALL in VMX root operation", () => {
  it("fails with error 1", () => {
    expect(host.ready().vmx.vmcall()).toBe(1);
  });
});
