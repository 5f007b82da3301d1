import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import type { Processor } from "../../cpu/processor";
import { REVISION, validFields } from "../../vmx/test-host";
import { VmcsField } from "../../vmx/vmcs-field";
import type { Computer } from "./computer";
import { booted, SPIN, store } from "./test-kernel";

const VMXON_REGION = 0x20_0000n;
const VMCS_REGION = 0x20_1000n;

/** Protection, NE and paging; VMXE. */
const VMX_CR0 = 0x8000_0031n;
const VMX_CR4 = 0x2000n;

/** INIT, assert, to processor 0. */
const sendInit = [...store(0xfee00310, 0), ...store(0xfee00300, 0x4500)];

let computer: Computer;
let processor: Processor;
/** A processor in VMX operation has sent INIT to itself. */
beforeEach(() => {
  computer = booted([...sendInit, ...SPIN]).computer;
  const { memory, processors } = computer.machine;
  processor = processors[0];
  const { state, vmx } = processor;
  memory.writeU32(__hpa(VMXON_REGION), REVISION);
  memory.writeU32(__hpa(VMCS_REGION), REVISION);
  const before = state.get64("cr0");
  state.set64("featureControl", 5n);
  state.set64("cr0", VMX_CR0);
  state.set64("cr4", VMX_CR4);
  expect(vmx.vmxon(VMXON_REGION)).toBe(0);
  // Its program runs without paging, as no page tables are needed then.
  state.set64("cr0", before);
  expect(computer.runFor(1000)).toBeNull();
});

describe("INIT in VMX operation (SDM 3C, VMX Operation and INIT)", () => {
  it("is held back in root operation, until VMXOFF", () => {
    expect(computer.runFor(100_000)).toBeNull();
    processor.vmx.vmxoff();
    expect(computer.runFor(100_000)).toEqual({ kind: "reset" });
  });

  it("leaves a guest", () => {
    const { state, vmx } = processor;
    processor.startIn64BitMode();
    state.set64("cr4", state.get64("cr4") | VMX_CR4);
    vmx.vmclear(VMCS_REGION);
    vmx.vmptrld(VMCS_REGION);
    for (const [field, value] of validFields) vmx.vmwrite(field, value);
    expect(vmx.vmlaunch()).toBe(0);
    // The host has no page tables: it goes no further.
    expect(computer.runFor(10)).toMatchObject({ kind: "shutdown" });
    expect([vmx.vmread(VmcsField.exitReason), vmx.vmread(VmcsField.guestRip)]).toEqual([3n, 0xffff_ffff_a000_0000n]);
  });
});
