import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { STACK_TOP } from "../../testing/index";
import { REVISION, validFields } from "../../vmx/test-host";
import { VmcsField as F, type VmcsField } from "../../vmx/vmcs-field";
import { Gpr, Rflags } from "../state";
import { CODE, HANDLERS, LongModeSystem, TSS } from "./test-long-mode";

const VMXON_REGION = 0x4000n;
const VMCS_REGION = 0x5000n;
const TABLES = 0x1000n;
const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];

/** Exit reasons. */
const EXCEPTION = 0n;
const TRIPLE_FAULT = 2n;
const HALT = 12n;

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
  const { cpu, machine } = system;
  // In VMX root operation exceptions come back from `run`; a guest's go through its IDT all the same.
  cpu.deliversExceptions = false;
  cpu.writeMsr(0x3a, 5n);
  cpu.writeControlRegister(4, cpu.readControlRegister(4) | 0x2000n);
  machine.memory.writeU32(__hpa(VMXON_REGION), REVISION);
  machine.memory.writeU32(__hpa(VMCS_REGION), REVISION);
  cpu.vmx.vmxon(VMXON_REGION);
  cpu.vmx.vmclear(VMCS_REGION);
  cpu.vmx.vmptrld(VMCS_REGION);
  write(...validFields);
  write(
    [F.hostCr3, TABLES],
    [F.guestCr3, TABLES],
    [F.guestRip, CODE],
    [F.guestRsp, STACK_TOP],
    [F.guestGdtrBase, cpu.state.get64("gdtrBase")],
    [F.guestGdtrLimit, 0xffn],
    [F.guestIdtrBase, cpu.state.get64("idtrBase")],
    [F.guestIdtrLimit, 0xfffn],
    [F.guestTrBase, TSS],
    [F.exceptionBitmap, 0n],
  );
});

function write(...fields: readonly (readonly [VmcsField, bigint])[]): void {
  for (const [field, value] of fields) {
    expect(system.cpu.vmx.vmwrite(field, value)).toBe(0);
  }
}

const read = (field: VmcsField): bigint => BigInt(system.cpu.vmx.vmread(field));

/** Runs guest code until it exits. */
function enter(code: readonly number[]): void {
  system.machine.memory.write(__hpa(CODE), Uint8Array.from(code));
  expect(system.cpu.vmx.vmlaunch()).toBe(0);
  expect(system.cpu.run(1000)).toEqual({ kind: "vm-exit" });
}

const handlerOf = (vector: number): bigint => HANDLERS + BigInt(vector * 16);

describe("exceptions of a guest (SDM 3C, Exception Bitmap)", () => {
  it("go through its own IDT when the bitmap lets them", () => {
    enter(UD2);
    expect([read(F.exitReason), read(F.guestRip)]).toEqual([HALT, handlerOf(6)]);
  });

  it("exit when the bitmap has their bit", () => {
    write([F.exceptionBitmap, 1n << 6n]);
    enter(UD2);
    expect([read(F.exitReason), read(F.guestRip), read(F.exitInterruptionInformation)]).toEqual([
      EXCEPTION,
      CODE,
      0x8000_0306n,
    ]);
    expect(read(F.idtVectoringInformation)).toBe(0n);
  });

  it("INT3 exits as a software exception, with its length", () => {
    write([F.exceptionBitmap, 1n << 3n]);
    enter([0xcc]);
    expect([read(F.exitInterruptionInformation), read(F.exitInstructionLength)]).toEqual([0x8000_0603n, 1n]);
  });

  it("CR2 of a page fault that exits stays as it was", () => {
    write([F.exceptionBitmap, 1n << 14n]);
    system.cpu.state.set64("cr2", 0x77n);
    enter([0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x70]);
    expect([read(F.exitQualification), system.cpu.state.get64("cr2")]).toEqual([0x7000_0000n, 0x77n]);
  });
});

describe("VM exits during event delivery (SDM 3C)", () => {
  it("tell which event was being delivered", () => {
    system.gate(6, { present: false });
    write([F.exceptionBitmap, 1n << 11n]);
    enter(UD2);
    // #NP with the gate's error code: index 6, IDT, EXT; during #UD.
    expect([read(F.exitInterruptionInformation), read(F.exitInterruptionErrorCode)]).toEqual([0x8000_0b0bn, 0x33n]);
    expect(read(F.idtVectoringInformation)).toBe(0x8000_0306n);
    expect(read(F.guestRip)).toBe(CODE);
  });

  it("tell of INT n, and its length", () => {
    system.gate(0x80, { present: false });
    write([F.exceptionBitmap, 1n << 11n]);
    enter([0xcd, 0x80]);
    expect([read(F.exitInterruptionErrorCode), read(F.idtVectoringInformation)]).toEqual([0x402n, 0x8000_0480n]);
    expect(read(F.exitInstructionLength)).toBe(2n);
  });

  it("do not count a double fault that exits by itself", () => {
    system.gate(0, { present: false });
    write([F.exceptionBitmap, 1n << 8n]);
    // xor ecx, ecx; div ecx
    enter([0x31, 0xc9, 0xf7, 0xf1]);
    expect([read(F.exitInterruptionInformation), read(F.idtVectoringInformation)]).toEqual([0x8000_0b08n, 0n]);
  });

  it("a triple fault has a reason of its own", () => {
    write([F.guestIdtrLimit, 0n]);
    enter(UD2);
    expect([read(F.exitReason), read(F.guestRip)]).toEqual([TRIPLE_FAULT, CODE]);
    expect(read(F.idtVectoringInformation)).toBe(0n);
  });
});

describe("event injection (SDM 3C, VM-Entry Controls for Event Injection)", () => {
  it("delivers an exception with its error code before the first instruction", () => {
    write([F.entryInterruptionInformation, 0x8000_0b0dn], [F.entryExceptionErrorCode, 0x1234n]);
    enter([0xb0, 1, HLT]);
    expect([read(F.exitReason), read(F.guestRip)]).toEqual([HALT, handlerOf(13)]);
    const frame = __hpa(read(F.guestRsp));
    expect(system.machine.memory.readU64(frame)).toBe(0x1234n);
    expect(system.machine.memory.readU64(__hpa(frame + 8n))).toBe(CODE);
    expect(system.cpu.gpr[Gpr.rax] & 0xffn).toBe(0n);
  });

  it.each([0, Rflags.RF])("pushes RF as it is in the guest state, for a fault, too: %s", (rf) => {
    write([F.entryInterruptionInformation, 0x8000_0306n], [F.guestRflags, BigInt(Rflags.fixed | rf)]);
    enter([HLT]);
    const flags = system.machine.memory.readU64(__hpa(read(F.guestRsp) + 16n));
    expect(flags & BigInt(Rflags.RF)).toBe(BigInt(rf));
  });

  it("injects once: the exit clears the valid bit", () => {
    write([F.entryInterruptionInformation, 0x8000_0306n]);
    enter([HLT]);
    expect(read(F.entryInterruptionInformation)).toBe(0x306n);
    write([F.guestRip, CODE]);
    expect(system.cpu.vmx.vmresume()).toBe(0);
    system.cpu.run(10);
    expect(read(F.guestRip)).toBe(CODE);
  });

  it("saves RIP behind the instruction of a software interrupt", () => {
    write([F.entryInterruptionInformation, 0x8000_0480n], [F.entryInstructionLength, 2n]);
    enter([HLT]);
    expect(read(F.guestRip)).toBe(handlerOf(0x80));
    expect(system.machine.memory.readU64(__hpa(read(F.guestRsp)))).toBe(CODE + 2n);
  });

  it("of an NMI blocks NMIs", () => {
    write([F.entryInterruptionInformation, 0x8000_0202n]);
    enter([HLT]);
    expect([read(F.guestRip), read(F.guestInterruptibility)]).toEqual([handlerOf(2), 8n]);
  });

  it("that faults is told as the event that was being delivered", () => {
    write([F.entryInterruptionInformation, 0x8000_0030n], [F.guestRflags, BigInt(Rflags.IF | Rflags.fixed)]);
    write([F.exceptionBitmap, 1n << 11n]);
    system.gate(0x30, { present: false });
    enter([HLT]);
    expect([read(F.exitInterruptionErrorCode), read(F.idtVectoringInformation)]).toEqual([0x183n, 0x8000_0030n]);
  });

  it.each([
    ["type 1", 0x8000_0100n, 0n, 0n],
    ["an NMI with another vector than 2", 0x8000_0203n, 0n, 0n],
    ["an exception above 31", 0x8000_0320n, 0n, 0n],
    ["#GP without an error code", 0x8000_030dn, 0n, 0n],
    ["#UD with an error code", 0x8000_0b06n, 0n, 0n],
    ["an error code of more than 15 bits", 0x8000_0b0dn, 0x8000n, 0n],
    ["a reserved bit", 0x8000_1306n, 0n, 0n],
    ["INT n without a length", 0x8000_0480n, 0n, 0n],
    ["INT n of 16 bytes", 0x8000_0480n, 0n, 16n],
  ])("VM entry fails with error 7 for %s", (_, information, errorCode, length) => {
    write(
      [F.entryInterruptionInformation, information],
      [F.entryExceptionErrorCode, errorCode],
      [F.entryInstructionLength, length],
    );
    expect(system.cpu.vmx.vmlaunch()).toBe(7);
  });

  it("needs a guest that takes interrupts for one", () => {
    write([F.entryInterruptionInformation, 0x8000_0030n]);
    system.cpu.vmx.vmlaunch();
    expect(read(F.exitReason)).toBe(0x8000_0021n);
  });
});
