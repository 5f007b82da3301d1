import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { Gpr } from "../cpu/state";
import { BareMachine, CODE, DATA } from "../testing";
import { REVISION, validFields } from "./test-host";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

/** A hypervisor, offsets in hexadecimal. RSI: VMXON pointer, VMCS pointer, then fields and values up to a negative field. */
const hypervisor = [
  ...[0xb9, 0x3a, 0, 0, 0, 0xb8, 5, 0, 0, 0, 0x31, 0xd2, 0x0f, 0x30], // 00 mov ecx, 3ah; mov eax, 5; xor edx, edx; wrmsr
  ...[0x0f, 0x20, 0xe0, 0x0d, 0, 0x20, 0, 0, 0x0f, 0x22, 0xe0], // 0e mov rax, cr4; or eax, 2000h; mov cr4, rax
  ...[0xf3, 0x0f, 0xc7, 0x36], // 19 vmxon [rsi]
  ...[0x66, 0x0f, 0xc7, 0x76, 8, 0x0f, 0xc7, 0x76, 8], // 1d vmclear [rsi+8]; vmptrld [rsi+8]
  ...[0x48, 0x83, 0xc6, 0x10], // 26 add rsi, 16
  ...[0x48, 0x8b, 0x06, 0x48, 0x8b, 0x56, 8], // 2a mov rax, [rsi]; mov rdx, [rsi+8]
  ...[0x48, 0x85, 0xc0, 0x78, 0x0b], // 31 test rax, rax; js 41
  ...[0x0f, 0x79, 0xc2, 0x76, 9], // 36 vmwrite rax, rdx; jbe 44
  ...[0x48, 0x83, 0xc6, 0x10, 0xeb, 0xe9], // 3b add rsi, 16; jmp 2a
  ...[0x0f, 0x01, 0xc2, 0x0f, 0x0b], // 41 vmlaunch; ud2
  ...[0xb8, 2, 0x44, 0, 0, 0x0f, 0x78, 0xc3], // 46 mov eax, 4402h; vmread rbx, rax
  ...[0xb8, 0x1e, 0x68, 0, 0, 0x0f, 0x78, 0xc1], // 4e mov eax, 681eh; vmread rcx, rax
  ...[0x48, 0x83, 0xc1, 2, 0x0f, 0x79, 0xc1], // 56 add rcx, 2; vmwrite rax, rcx
  ...[0x83, 0xfb, 0x0a, 0x75, 5], // 5d cmp ebx, 10; jne 67
  ...[0x0f, 0x01, 0xc3, 0x0f, 0x0b], // 62 vmresume; ud2
  ...[0x0f, 0xc7, 0x3f, 0xf4], // 67 vmptrst [rdi]; hlt
  ...[0x49, 0xff, 0xc0, 0x0f, 0xa2, 0x49, 0xff, 0xc0, 0x0f, 0x01, 0xc1], // 6b inc r8; cpuid; inc r8; vmcall
];
const HOST = CODE + 0x46n;
const GUEST = CODE + 0x6bn;
const VMCALL = CODE + 0x73n;

const VMXON_REGION = 0x8000n;
const VMCS_REGION = 0x9000n;
const TABLES = 0x1000n;

/** The hypervisor with its guest, whose VMCS has these fields besides. */
function hypervisorWith(...fields: readonly (readonly [VmcsField, bigint])[]): BareMachine {
  const bare = new BareMachine();
  const { memory } = bare.machine;
  memory.writeU32(__hpa(VMXON_REGION), REVISION);
  memory.writeU32(__hpa(VMCS_REGION), REVISION);
  const words: bigint[] = [VMXON_REGION, VMCS_REGION];
  const own = [
    [F.hostCr3, TABLES],
    [F.hostRip, HOST],
    [F.guestCr3, TABLES],
    [F.guestRip, GUEST],
  ] as const;
  for (const [field, value] of [...validFields, ...own, ...fields]) words.push(BigInt(field), value);
  words.push(-1n);
  memory.write(__hpa(DATA), new Uint8Array(BigUint64Array.from(words, (word) => BigInt.asUintN(64, word)).buffer));
  bare.cpu.gpr[Gpr.rsi] = DATA;
  bare.cpu.gpr[Gpr.rdi] = DATA;
  return bare;
}

describe("a hypervisor of machine code", () => {
  it("turns VMX on, launches a guest, emulates its CPUID, resumes it and is called by it", () => {
    const bare = hypervisorWith();
    expect(bare.run(hypervisor)).toEqual({ kind: "vm-exit" });
    expect([bare.cpu.rip, bare.cpu.gpr[Gpr.r8]]).toEqual([HOST, 1n]);
    expect(bare.cpu.run()).toEqual({ kind: "vm-exit" });
    expect([bare.cpu.rip, bare.cpu.gpr[Gpr.r8]]).toEqual([HOST, 2n]);
    expect(bare.cpu.run()).toEqual({ kind: "halted" });
    expect(bare.cpu.gpr[Gpr.rbx]).toBe(18n); // VMCALL
    expect(bare.cpu.gpr[Gpr.rcx]).toBe(VMCALL + 2n);
    expect(bare.machine.memory.readU64(__hpa(DATA))).toBe(VMCS_REGION);
  });

  it.each<readonly [string, readonly (readonly [VmcsField, bigint])[]]>([
    ["an event is injected", [[F.entryInterruptionInformation, 0x8000_0306n]]],
    ["a debug exception is pending", [[F.guestPendingDebug, 1n << 14n]]],
    [
      "its VMX-preemption timer is at 0",
      [
        [F.pinBasedControls, 0x5fn],
        [F.preemptionTimer, 0n],
      ],
    ],
  ])("leaves a guest before its first instruction when %s, wherever a run ends", (_name, fields) => {
    const all = [[F.exceptionBitmap, 0xffff_ffffn], ...fields] as const;
    const whole = hypervisorWith(...all);
    expect(whole.run(hypervisor)).toEqual({ kind: "vm-exit" });
    const before = whole.cpu.retired;
    for (let cut = before - 12; cut < before; cut++) {
      // The first run ends `cut` instructions behind its start, the second one well behind the VM entry.
      const pieces = hypervisorWith(...all);
      expect(pieces.run(hypervisor, cut)).toEqual({ kind: "limit" });
      expect(pieces.cpu.run(before - cut + 3)).toEqual({ kind: "vm-exit" });
      expect([pieces.cpu.gpr[Gpr.r8], pieces.cpu.retired]).toEqual([0n, before]);
    }
  });
});
