import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { Cr4 } from "../../mmu/control-bits";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr } from "../state";
import { TestGuest } from "./test-guest";
import { LOW_DATA, ModeMachine, withCr4 } from "./test-modes";

const GP = { kind: "exception", vector: 13, errorCode: 0 };

describe("SMSW, LMSW and CLTS (SDM 2A, 2B)", () => {
  it("SMSW gives as much of CR0 as the register holds, and two bytes to memory", () => {
    const machine = new ModeMachine("64-bit", 3);
    const { gpr } = machine.cpu;
    gpr.fill(0x1111_1111_1111_1111n);
    machine.run([0x66, 0x0f, 0x01, 0xe0, 0x0f, 0x01, 0xe1, 0x48, 0x0f, 0x01, 0xe2], 3); // smsw ax; smsw ecx; smsw rdx
    expect([gpr[Gpr.rax], gpr[Gpr.rcx], gpr[Gpr.rdx]]).toEqual([0x1111_1111_1111_0033n, 0x8001_0033n, 0x8001_0033n]);
    machine.put(-1n);
    gpr[Gpr.rbx] = LOW_DATA;
    machine.run([0x48, 0x0f, 0x01, 0x23], 1); // smsw [rbx]
    expect(machine.machine.memory.readU64(__hpa(LOW_DATA))).toBe(0xffff_ffff_ffff_0033n);
    expect(withCr4(machine, Cr4.UMIP).run([0x0f, 0x01, 0xe0], 1)).toEqual(GP);
  });

  it("LMSW sets PE, MP, EM and TS, and cannot clear PE", () => {
    const machine = new ModeMachine("real-address");
    machine.cpu.gpr[Gpr.rax] = 0xffffn;
    machine.run([0x0f, 0x01, 0xf0], 1); // lmsw ax
    expect(machine.cpu.readControlRegister(0)).toBe(0x1fn);
    machine.cpu.gpr[Gpr.rax] = 0n;
    machine.run([0x0f, 0x01, 0xf0], 1);
    expect(machine.cpu.readControlRegister(0)).toBe(0x11n);
  });

  it("LMSW and CLTS are for CPL 0", () => {
    const machine = new ModeMachine("64-bit", 3);
    expect([machine.run([0x0f, 0x01, 0xf0]), machine.run([0x0f, 0x06])]).toEqual([GP, GP]);
  });

  it("LMSW's VM exit tells its source (SDM 3C, Exit Qualification for Control-Register Accesses)", () => {
    const guest = new TestGuest([[F.cr0Mask, 8n]]);
    guest.cpu.gpr[Gpr.rcx] = 0x9n;
    expect(guest.exit([0x0f, 0x01, 0xf1])).toMatchObject({ reason: 28, qualification: 0x9_0030n, length: 3 });
    const memory = new TestGuest([[F.cr0Mask, 8n]]);
    memory.machine.memory.writeU32(__hpa(0x30_0000n), 0xab_000f);
    memory.cpu.gpr[Gpr.rbx] = 0x30_0000n;
    expect(memory.exit([0x0f, 0x01, 0x33])).toMatchObject({ qualification: 0xf_0070n, linearAddress: 0x30_0000n });
  });
});
