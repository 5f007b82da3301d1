import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { gateOf } from "../cpu/interrupt/test-protected-mode";
import { Gpr, Rflags } from "../cpu/state";
import { TestGuest } from "../cpu/system/test-guest";
import { Cr4, Efer } from "../mmu/control-bits";
import { CODE, DATA } from "../testing/index";
import { TestHost } from "./test-host";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

type Fields = readonly (readonly [VmcsField, bigint])[];

const CPUID = [0x0f, 0xa2];
const CPUID_EXIT = { reason: 10 };
const VMXE = 0x2000n;
const PAE = 0x20n;
const LONG_MODE = BigInt(Efer.LME | Efer.LMA);
const INVALID_GUEST_STATE = 0x8000_0021n;

/** A guest in 32-bit protected mode: "IA-32e mode guest" is 0, code and data segments are of 32 bits. */
const PROTECTED: Fields = [
  [F.entryControls, 0x11ffn],
  [F.guestCsRights, 0xc09bn],
  [F.guestRip, CODE],
  [F.guestCr4, VMXE],
];

/** Segments of virtual-8086 mode: CS is 1000H. */
const VIRTUAL_8086: Fields = [
  [F.entryControls, 0x11ffn],
  [F.guestCr4, VMXE],
  [F.guestRflags, BigInt(Rflags.VM | Rflags.IOPL) | 2n],
  [F.guestRip, 0n],
  ...[
    [F.guestCsSelector, F.guestCsBase, F.guestCsLimit, F.guestCsRights, 0x1000n],
    [F.guestSsSelector, F.guestSsBase, F.guestSsLimit, F.guestSsRights, 0x2000n],
    [F.guestDsSelector, F.guestDsBase, F.guestDsLimit, F.guestDsRights, 0x3000n],
    [F.guestEsSelector, F.guestEsBase, F.guestEsLimit, F.guestEsRights, 0x3001n],
    [F.guestFsSelector, F.guestFsBase, F.guestFsLimit, F.guestFsRights, 0x3002n],
    [F.guestGsSelector, F.guestGsBase, F.guestGsLimit, F.guestGsRights, 0xffffn],
  ].flatMap(([selector, base, limit, rights, value]) => [
    [selector as VmcsField, value as bigint] as const,
    [base as VmcsField, (value as bigint) << 4n] as const,
    [limit as VmcsField, 0xffffn] as const,
    [rights as VmcsField, 0xf3n] as const,
  ]),
];

/** Page tables at DATA: in PAE paging four PDPTEs, of which the first leads to pages of 2 MiB. */
const PDPT = DATA;
const DIRECTORY = DATA + 0x1000n;
const EPT = DATA + 0x2000n;
const LARGE_WRITABLE = 0x83n;
const PRESENT = 1n;

/** Controls that use an EPT at EPT, with CR3-load exiting off. */
const WITH_EPT: Fields = [
  [F.processorControls, 0x8400_61f2n],
  [F.secondaryControls, 2n],
  [F.eptPointer, EPT | 0x1en],
];

const field = ({ cpu }: TestGuest, name: VmcsField): bigint => BigInt(cpu.vmx.vmread(name));

/** A guest with page tables for 32-bit, or with `pae` for PAE paging, and an EPT, all of which map addresses to themselves. */
function guest(fields: Fields, { pae = false } = {}): TestGuest {
  const made = new TestGuest(fields);
  const { memory } = made.machine;
  const put = (at: bigint, value: bigint): void => memory.writeU64(__hpa(at), value);
  if (pae) {
    put(PDPT, DIRECTORY | PRESENT);
    for (const page of [0n, 1n]) put(DIRECTORY + page * 8n, (page << 21n) | LARGE_WRITABLE);
  } else {
    memory.writeU32(__hpa(PDPT), Number(LARGE_WRITABLE));
  }
  // One entry of 512 GiB, one of 1 GiB; write-back, all accesses.
  put(EPT, (EPT + 0x1000n) | 7n);
  put(EPT + 0x1000n, 0xb7n);
  return made;
}

describe("a 32-bit guest (SDM 3C, IA-32e mode guest = 0)", () => {
  const PAGING = [...PROTECTED, [F.guestCr3, PDPT], [F.guestCr4, VMXE | BigInt(Cr4.PSE)]] as const;

  it("runs 32-bit code with 32-bit paging, outside IA-32e mode; its host is in IA-32e mode again after it", () => {
    const legacy = guest(PAGING);
    // inc eax, which is a REX prefix in 64-bit mode; mov ebx, eax
    expect(legacy.exit([0x40, 0x89, 0xc3, ...CPUID])).toMatchObject(CPUID_EXIT);
    expect(legacy.cpu.gpr[Gpr.rbx]).toBe(1n);
    expect(field(legacy, F.guestRip)).toBe(CODE + 3n);
    expect(legacy.cpu.state.get64("efer") & LONG_MODE).toBe(LONG_MODE);
  });

  it("has 32-bit paging over EPT, too", () => {
    expect(guest([...PAGING, ...WITH_EPT]).exit([0x40, ...CPUID])).toMatchObject(CPUID_EXIT);
  });

  it("has IA32_EFER without LME and LMA, loaded or not", () => {
    for (const loaded of [[], [[F.entryControls, 0x91ffn] as const, [F.guestEfer, 1n] as const]]) {
      const legacy = guest([...PAGING, ...loaded]);
      legacy.machine.memory.write(__hpa(CODE), Uint8Array.from(CPUID));
      legacy.cpu.vmx.vmlaunch();
      expect([legacy.cpu.nonRoot, legacy.cpu.state.get64("efer") & LONG_MODE]).toEqual([true, 0n]);
    }
  });

  it("delivers its exceptions through its own IDT of 8-byte gates", () => {
    const legacy = guest([...PAGING, [F.exceptionBitmap, 0n], [F.guestRsp, DATA - 8n]]);
    const { memory } = legacy.machine;
    const [idt, gdt, handler] = [0x6000n, 0x7000n, CODE + 0x100n];
    memory.writeU64(__hpa(idt + 48n), gateOf({ selector: 0x10, offset: Number(handler) }));
    memory.writeU64(__hpa(gdt + 16n), 0x00cf_9b00_0000_ffffn);
    memory.write(__hpa(handler), Uint8Array.from(CPUID));
    for (const [name, value] of [
      [F.guestIdtrBase, idt],
      [F.guestIdtrLimit, 0x7ffn],
      [F.guestGdtrBase, gdt],
      [F.guestGdtrLimit, 0xffn],
    ] as const) {
      legacy.cpu.vmx.vmwrite(name, value);
    }
    expect(legacy.exit([0x0f, 0x0b])).toMatchObject(CPUID_EXIT);
    expect([field(legacy, F.guestRip), field(legacy, F.guestRsp)]).toEqual([handler, DATA - 8n - 12n]);
  });
});

describe("a guest with PAE paging (SDM 3C, Loading Page-Directory-Pointer-Table Entries)", () => {
  const PAGING = [...PROTECTED, [F.guestCr3, PDPT], [F.guestCr4, VMXE | PAE]] as const;
  const reserved = { reason: INVALID_GUEST_STATE, qualification: 2n };
  const failure = (of: TestGuest) => {
    of.cpu.vmx.vmlaunch();
    return { reason: field(of, F.exitReason), qualification: field(of, F.exitQualification) };
  };

  it("has its PDPTEs from memory without EPT", () => {
    expect(guest(PAGING, { pae: true }).exit([0x40, ...CPUID])).toMatchObject(CPUID_EXIT);
    const wrong = guest(PAGING, { pae: true });
    wrong.machine.memory.writeU64(__hpa(PDPT + 8n), 3n);
    expect(failure(wrong)).toEqual(reserved);
    expect([wrong.cpu.nonRoot, wrong.cpu.rip, wrong.cpu.vmx.vmresume()]).toEqual([false, 0x5000n, 5]);
  });

  it("has them from the VMCS with EPT, whatever memory says", () => {
    const legacy = guest([...PAGING, ...WITH_EPT, [F.guestPdpte0, DIRECTORY | PRESENT]], { pae: true });
    legacy.machine.memory.writeU64(__hpa(PDPT), 0n);
    expect(legacy.exit([0x40, ...CPUID])).toMatchObject(CPUID_EXIT);
    expect(failure(guest([...PAGING, ...WITH_EPT, [F.guestPdpte2, 3n]], { pae: true }))).toEqual(reserved);
    // An entry that is not present may have any bits.
    const absent = [...PAGING, ...WITH_EPT, [F.guestPdpte0, DIRECTORY | PRESENT], [F.guestPdpte3, 6n]] as const;
    expect(guest(absent, { pae: true }).exit(CPUID)).toMatchObject(CPUID_EXIT);
  });

  it("saves them with EPT, as its MOV to CR3 has loaded them", () => {
    const legacy = guest([...PAGING, ...WITH_EPT, [F.guestPdpte0, DIRECTORY | PRESENT]], { pae: true });
    const { memory } = legacy.machine;
    memory.writeU64(__hpa(PDPT + 0x20n), DIRECTORY | PRESENT);
    memory.writeU64(__hpa(PDPT + 0x38n), 0x12_3000n);
    // mov eax, PDPT + 20H; mov cr3, eax
    const load = [0xb8, 0x20, 0, 0x30, 0, 0x0f, 0x22, 0xd8];
    expect(legacy.exit([...load, ...CPUID])).toMatchObject(CPUID_EXIT);
    const saved = [F.guestPdpte0, F.guestPdpte1, F.guestPdpte2, F.guestPdpte3].map((name) => field(legacy, name));
    expect(saved).toEqual([DIRECTORY | PRESENT, 0n, 0n, 0x12_3000n]);
  });
});

describe("a guest in virtual-8086 mode", () => {
  it("runs 16-bit code at CPL 3", () => {
    const legacy = guest([...VIRTUAL_8086, [F.guestCr3, PDPT], [F.guestCr4, VMXE | BigInt(Cr4.PSE)]]);
    const { cpu, machine } = legacy;
    // mov ax, cs; pushf; pop bx; cpuid
    machine.memory.write(__hpa(0x10000n), Uint8Array.of(0x8c, 0xc8, 0x9c, 0x5b, ...CPUID));
    // The page table maps supervisor pages: let CPL 3 have them.
    machine.memory.writeU32(__hpa(PDPT), 0x87);
    cpu.vmx.vmlaunch();
    expect([cpu.run(100), cpu.vmx.entryFailure]).toEqual([{ kind: "vm-exit" }, null]);
    expect([field(legacy, F.exitReason), field(legacy, F.guestRip)]).toEqual([10n, 4n]);
    expect([cpu.gpr[Gpr.rax] & 0xffffn, cpu.gpr[Gpr.rbx] & 0x3000n]).toEqual([0x1000n, 0x3000n]);
  });
});

describe("checks on guest state of the modes (SDM 3C): a VM-entry failure, exit reason 33", () => {
  let host: TestHost;
  beforeEach(() => {
    host = new TestHost().ready();
  });
  const enters = (...fields: Fields): boolean => {
    for (const [name, value] of fields) expect(host.vmx.vmwrite(name, value)).toBe(0);
    host.vmx.vmlaunch();
    return host.state.get32("nonRoot") !== 0;
  };

  it.each<readonly [string, VmcsField, bigint]>([
    ["CR4 without PAE", F.guestCr4, VMXE],
    ["CR4 with PAE", F.guestCr4, VMXE | PAE],
    ["a 16-bit TSS", F.guestTrRights, 0x83n],
    ["CS with L and D, where L means nothing", F.guestCsRights, 0xe09bn],
  ])("32-bit guests may have %s", (_name, name, value) => {
    expect(enters(...PROTECTED, [name, value])).toBe(true);
  });

  it.each<readonly [string, VmcsField, bigint]>([
    ["CR4.PCIDE", F.guestCr4, VMXE | BigInt(Cr4.PCIDE)],
    ["RIP above 4 GiB", F.guestRip, 1n << 32n],
    ["RIP above 4 GiB with CS.L", F.guestRip, 1n << 32n],
    ["a 64-bit type of LDT", F.guestLdtrRights, 0x8bn],
    ["a 32-bit TSS that is not busy", F.guestTrRights, 0x89n],
    ["CS without code", F.guestCsRights, 0xc093n],
  ])("32-bit guests cannot have %s", (what, name, value) => {
    const long: Fields = what.includes("CS.L") ? [[F.guestCsRights, 0xa09bn]] : [];
    expect(enters(...PROTECTED, ...long, [name, value])).toBe(false);
    expect([host.field(F.exitReason), host.field(F.exitQualification)]).toEqual([INVALID_GUEST_STATE, 0n]);
  });

  it.each([
    [0x91ffn, 1n, true],
    [0x91ffn, 0xd01n, false],
    [0x91ffn, 0x101n, false],
    [0x93ffn, 0xd01n, true],
    [0x93ffn, 1n, false],
  ])("entry controls %d with IA32_EFER %d: %s", (controls, efer, valid) => {
    const mode: Fields = controls === 0x91ffn ? PROTECTED : [];
    expect(enters(...mode, [F.entryControls, controls], [F.guestEfer, efer])).toBe(valid);
  });

  it("virtual-8086 guests have segments of 64 KiB at 16 times the selector, with rights F3H", () => {
    expect(enters(...VIRTUAL_8086)).toBe(true);
  });

  it.each<readonly [string, VmcsField, bigint]>([
    ["IA-32e mode", F.entryControls, 0x13ffn],
    ["another base", F.guestDsBase, 0x3_0010n],
    ["another limit", F.guestGsLimit, 0xfffffn],
    ["other rights", F.guestSsRights, 0x93n],
    ["an unusable segment", F.guestFsRights, 0x1_00f3n],
    ["TR with TI", F.guestTrSelector, 0x24n],
  ])("virtual-8086 guests cannot have %s", (_name, name, value) => {
    expect(enters(...VIRTUAL_8086, [name, value])).toBe(false);
    expect(host.field(F.exitReason)).toBe(INVALID_GUEST_STATE);
  });

  it("a host outside IA-32e mode cannot enter: its VM exits would lead to 64-bit mode (error 8)", () => {
    host.state.set64("efer", 0n);
    for (const [name, value] of PROTECTED) host.vmx.vmwrite(name, value);
    expect(host.vmx.vmlaunch()).toBe(8);
  });
});
