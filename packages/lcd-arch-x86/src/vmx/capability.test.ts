import { describe, expect, it } from "vitest";
import { capabilityMsr } from "./capability";
import { TestHost } from "./test-host";

/** Allowed-0 settings (bits that must be 1) and allowed-1 settings (bits that may be 1). */
function settings(index: number): [must: number, may: number] {
  const value = capabilityMsr(index);
  if (value === undefined) throw new Error(`no MSR ${index.toString(16)}`);
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}

describe("VMX capability MSRs (SDM 3D, VMX Capability Reporting Facility)", () => {
  it("IA32_VMX_BASIC: revision, 4-KByte regions, write-back, information on INS and OUTS, true controls", () => {
    expect(capabilityMsr(0x480)).toBe(0x004c_4344n | (4096n << 32n) | (6n << 50n) | (3n << 54n));
  });

  it("every bit that must be 1 may be 1", () => {
    for (const index of [0x481, 0x482, 0x483, 0x484, 0x48b, 0x48d, 0x48e, 0x48f, 0x490]) {
      const [must, may] = settings(index);
      expect((must & ~may) >>> 0).toBe(0);
    }
  });

  it("the plain MSRs fix the default1 classes of the manual", () => {
    expect((settings(0x481)[0] & 0x16) >>> 0).toBe(0x16);
    expect((settings(0x482)[0] & 0x0401_e172) >>> 0).toBe(0x0401_e172);
    expect((settings(0x483)[0] & 0x3_6dff) >>> 0).toBe(0x3_6dff);
    expect((settings(0x484)[0] & 0x11ff) >>> 0).toBe(0x11ff);
  });

  it("the true MSRs release CR3-load and CR3-store exiting and the debug controls only", () => {
    for (const [plain, exact, released] of [
      [0x481, 0x48d, 0],
      [0x482, 0x48e, 0x1_8000],
      [0x483, 0x48f, 4],
      [0x484, 0x490, 4],
    ]) {
      expect((settings(plain)[0] ^ settings(exact)[0]) >>> 0).toBe(released);
      expect(settings(plain)[1]).toBe(settings(exact)[1]);
    }
  });

  it("offer EPT with 4-level walks and VPIDs, and say that the host is 64-bit and interrupts exit", () => {
    // Bits 1 3 5 6, and 2 (descriptor tables), 11 (RDRAND), 12 (INVPCID), 16 (RDSEED).
    expect(settings(0x48b)).toEqual([0, 0x1_186e]);
    expect(settings(0x48f)[0] & 0x200).toBe(0x200);
    expect(settings(0x490).map((setting) => setting & 0x200)).toEqual([0, 0x200]);
    expect(settings(0x48d)[0] & 9).toBe(9);
    const ept = capabilityMsr(0x48c) ?? 0n;
    expect(ept & (1n << 6n)).not.toBe(0n);
    expect(ept & (1n << 7n)).toBe(0n); // 5-level walks
  });

  it("fix PE, NE and PG of CR0 and VMXE of CR4", () => {
    expect([capabilityMsr(0x486), capabilityMsr(0x488)]).toEqual([0x8000_0021n, 0x2000n]);
  });

  it("IA32_VMX_VMCS_ENUM: no field has a higher index, and one has it", () => {
    const host = new TestHost().ready();
    const highest = Number((capabilityMsr(0x48a) ?? 0n) >> 1n);
    const exists = (index: number) =>
      Array.from({ length: 16 }, (_, group) => ((group >> 2) << 13) | ((group & 3) << 10) | (index << 1)).some(
        (encoding) => typeof host.vmx.vmread(encoding) === "bigint",
      );
    expect(exists(highest)).toBe(true);
    for (let index = highest + 1; index < 512; index++) expect(exists(index)).toBe(false);
  });

  it("has no VMFUNC MSR", () => {
    expect(capabilityMsr(0x491)).toBeUndefined();
  });
});
