import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { TestGuest } from "../cpu/system/test-guest";
import { TestHost, VMCS_A } from "./test-host";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

const AREA = 0x4000n;
const STAR = 0xc000_0081;
const LSTAR = 0xc000_0082;
const NO_MSR = 0x1234;
const FS_BASE = 0xc000_0100;
const X2APIC_ID = 0x802;

const lists = {
  store: [F.exitMsrStoreCount, F.exitMsrStoreAddress],
  load: [F.exitMsrLoadCount, F.exitMsrLoadAddress],
  entry: [F.entryMsrLoadCount, F.entryMsrLoadAddress],
} as const;

let host: TestHost;
beforeEach(() => {
  host = new TestHost().ready();
  host.msrs.set(STAR, 1n).set(LSTAR, 2n).set(FS_BASE, 3n).set(X2APIC_ID, 4n);
});

/** Writes a list of MSRs and tells the VMCS of it. */
function list(name: keyof typeof lists, ...entries: readonly (readonly [index: number, data: bigint])[]): void {
  entries.forEach(([index, data], entry) => {
    const at = AREA + BigInt(entry * 16);
    host.memory.writeU64(__hpa(at), BigInt(index));
    host.memory.writeU64(__hpa(at + 8n), data);
  });
  const [count, address] = lists[name];
  host.vmx.vmwrite(count, BigInt(entries.length));
  host.vmx.vmwrite(address, AREA);
}

const HALT = 12;
const ENTRY_FAILED = -2;
/** Bit 31, and "VM-entry failure due to MSR loading". */
const MSR_LOADING = 0x8000_0022n;

describe("MSRs that a VM entry loads (SDM 3C, Loading MSRs)", () => {
  it("have their values in the guest", () => {
    list("entry", [STAR, 0x11n], [LSTAR, 0x22n]);
    expect(host.vmx.vmlaunch()).toBe(0);
    expect([host.msrs.get(STAR), host.msrs.get(LSTAR)]).toEqual([0x11n, 0x22n]);
  });

  it.each([
    ["does not exist", NO_MSR],
    ["is the base of FS", FS_BASE],
    ["is of an x2APIC", X2APIC_ID],
    ["has a reserved bit", 0x1_0000_0000 + LSTAR],
  ])("fail the entry, and tell which it is, if one %s", (_name, index) => {
    list("entry", [STAR, 0x11n], [index, 0x22n]);
    expect(host.vmx.vmlaunch()).toBe(ENTRY_FAILED);
    expect([host.field(F.exitReason), host.field(F.exitQualification)]).toEqual([MSR_LOADING, 2n]);
    // Not launched.
    expect(host.vmx.vmresume()).toBe(5);
  });

  it("are at most 512", () => {
    list("entry", ...Array.from({ length: 513 }, () => [STAR, 0n] as const));
    expect(host.vmx.vmlaunch()).toBe(ENTRY_FAILED);
    expect(host.field(F.exitQualification)).toBe(513n);
  });

  it("end where RAM does", () => {
    host.vmx.vmwrite(F.entryMsrLoadCount, 1n);
    host.vmx.vmwrite(F.entryMsrLoadAddress, 0x10_0000n);
    expect([host.vmx.vmlaunch(), host.field(F.exitQualification)]).toEqual([ENTRY_FAILED, 1n]);
  });
});

describe("MSRs that a VM exit stores and loads (SDM 3C, Saving MSRs, Loading MSRs)", () => {
  it("stores the guest's", () => {
    list("store", [LSTAR, 0n]);
    host.vmx.vmlaunch();
    host.msrs.set(LSTAR, 0x1234_5678_9abc_def0n);
    host.vmx.exit(HALT);
    expect(host.memory.readU64(__hpa(AREA + 8n))).toBe(0x1234_5678_9abc_def0n);
  });

  it("loads the host's, and also when the entry fails", () => {
    list("load", [STAR, 0x55n]);
    host.vmx.vmwrite(F.guestRflags, 0n);
    expect(host.vmx.vmlaunch()).toBe(ENTRY_FAILED);
    expect(host.msrs.get(STAR)).toBe(0x55n);
  });

  it.each([
    ["store", 1],
    ["load", 4],
  ] as const)("a failure to %s one is a VMX abort with indicator %i", (name, indicator) => {
    list(name, [NO_MSR, 0n]);
    host.vmx.vmlaunch();
    host.vmx.exit(HALT);
    expect(host.memory.readU32(__hpa(VMCS_A + 4n))).toBe(indicator);
    expect(host.log).toContain("shutdown");
  });

  it("a VMX abort shuts the processor down", () => {
    const guest = new TestGuest([
      [F.exitMsrLoadCount, 1n],
      // Outside RAM.
      [F.exitMsrLoadAddress, 0x1000_0000n],
    ]);
    guest.exit([0x0f, 0xa2]);
    expect([guest.cpu.run(), guest.cpu.run()]).toEqual([{ kind: "shutdown" }, { kind: "shutdown" }]);
  });
});

describe("checks on MSR lists (SDM 3C, Checks on VMX Controls)", () => {
  it.each(Object.entries(lists))(
    "%s: 16-byte aligned and in physical memory, if there is one",
    (_name, [count, at]) => {
      const launch = (entries: bigint, address: bigint): number => {
        const fields: readonly (readonly [VmcsField, bigint])[] = [
          [count, entries],
          [at, address],
        ];
        for (const [field, value] of fields) host.vmx.vmwrite(field, value);
        return host.vmx.vmlaunch();
      };
      expect([launch(1n, AREA + 8n), launch(1n, 1n << 52n), launch(0n, 0x8n)]).toEqual([7, 7, 0]);
    },
  );
});
