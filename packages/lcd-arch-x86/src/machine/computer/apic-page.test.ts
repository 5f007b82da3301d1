import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { Gpr } from "../../cpu/state";
import type { Computer } from "./computer";
import { booted, KERNEL_CODE, store, u32, writeMsr } from "./test-kernel";

const HLT = 0xf4;
/** A page of RAM, to which the registers are moved; the computer has 4 MiB. */
const PAGE = 0x20_0000;
const DEFAULT = 0xfee0_0000;
const ENABLED_BSP = 0x900;
const VERSION = 0x30;
const SPURIOUS = 0xf0;

const IA32_APIC_BASE = 0x1b;
const moveTo = (page: number): number[] => writeMsr(IA32_APIC_BASE, page | ENABLED_BSP);
/** mov eax, [address] */
const load = (address: number): number[] => [0xa1, ...u32(address)];
/** mov r, eax */
const KEEP = { rbx: [0x89, 0xc3], rsi: [0x89, 0xc6], rdi: [0x89, 0xc7] } as const;

let computer: Computer;
/** Runs code until it halts, and gives these registers. */
function run(code: readonly number[], ...registers: number[]): bigint[] {
  ({ computer } = booted([...code, HLT]));
  expect(computer.runFor(100_000)).toEqual({ kind: "halted" });
  return registers.map((register) => computer.machine.processors[0].gpr[register]);
}

const inRam = (offset: number): number => computer.machine.memory.readU32(__hpa(PAGE + offset));

let version: bigint;
beforeEach(() => {
  [version] = run(load(DEFAULT + VERSION), Gpr.rax);
});

describe("a local APIC whose registers are moved into RAM (SDM 3A, Local APIC Status and Location)", () => {
  it("answers there, though the page was used as RAM before; what was written to RAM is there again afterwards", () => {
    const code = [
      ...[...store(PAGE + VERSION, 0x1234), ...load(PAGE + VERSION), ...KEEP.rbx],
      ...[...moveTo(PAGE), ...load(PAGE + VERSION), ...KEEP.rsi],
      ...[...moveTo(DEFAULT), ...load(PAGE + VERSION), ...KEEP.rdi],
    ];
    expect(run(code, Gpr.rbx, Gpr.rsi, Gpr.rdi)).toEqual([0x1234n, version, 0x1234n]);
  });

  it("takes stores, and RAM does not", () => {
    const code = [
      ...[...store(PAGE + SPURIOUS, 0x77), ...moveTo(PAGE), ...store(PAGE + SPURIOUS, 0x1ee)],
      ...[...load(PAGE + SPURIOUS), ...KEEP.rbx, ...moveTo(DEFAULT), ...load(DEFAULT + SPURIOUS)],
    ];
    expect(run(code, Gpr.rbx, Gpr.rax)).toEqual([0x1een, 0x1een]);
    expect(inRam(SPURIOUS)).toBe(0x77);
  });

  it("is not at its old place any more", () => {
    expect(run([...moveTo(PAGE), ...load(DEFAULT + VERSION)], Gpr.rax)).toEqual([0xffff_ffffn]);
  });

  it("gives the page back when it is disabled", () => {
    const code = [
      ...[...store(PAGE + VERSION, 0x99), ...moveTo(PAGE), ...writeMsr(IA32_APIC_BASE, PAGE | 0x100)],
      ...load(PAGE + VERSION),
    ];
    expect(run(code, Gpr.rax)).toEqual([0x99n]);
  });

  it("gets the part that is its own of an access over the end of the page", () => {
    // Two bytes of the ID register, 0, behind two of RAM.
    const code = [...store(PAGE - 4, 0xaaaabbbb), ...store(PAGE, 0xccccdddd), ...moveTo(PAGE), ...load(PAGE - 2)];
    expect(run(code, Gpr.rax)).toEqual([0x0000_aaaan]);
  });

  it("hides code there that has run: no RAM answers a fetch", () => {
    // A function in the page, called 5000 times: mov ebx, 7; ret. Then the registers are over it.
    const program = [
      ...[...store(PAGE, 0x0000_07bb), ...store(PAGE + 4, 0x0000_c300), 0xbc, ...u32(PAGE + 0x2000)],
      ...[0xb9, ...u32(5000), 0xb8, ...u32(PAGE), 0xff, 0xd0, 0xe2, 0xfc],
      ...[...moveTo(PAGE), 0xb8, ...u32(PAGE), 0xff, 0xd0, HLT],
    ];
    ({ computer } = booted(program));
    // FFH FFH is #UD, and there is no IDT.
    expect(computer.runFor(1_000_000)).toMatchObject({ kind: "shutdown" });
    expect(computer.machine.processors[0].rip).toBe(BigInt(PAGE));
  });

  it("moves for its own processor only", () => {
    computer = booted([...store(PAGE + VERSION, 5), ...moveTo(PAGE), HLT], 2).computer;
    computer.runFor(100);
    const other = computer.machine.processors[1];
    computer.machine.memory.write(__hpa(KERNEL_CODE), Uint8Array.of(...load(PAGE + VERSION), HLT));
    const { state } = computer.machine.processors[0];
    other.state.gpr.set(state.gpr);
    other.state.set64("cr0", 0x11n);
    for (let segment = 0; segment < 6; segment++) {
      other.state.set64("segmentBase", 0n, segment);
      other.state.set32("segmentLimit", 0xffffffff, segment);
      other.state.set32("segmentRights", segment === 1 ? 0xc09b : 0xc093, segment);
    }
    other.rip = BigInt(KERNEL_CODE);
    other.addressSpaceChanged();
    expect(other.run(100)).toEqual({ kind: "halted" });
    expect(other.gpr[Gpr.rax]).toBe(5n);
  });
});
