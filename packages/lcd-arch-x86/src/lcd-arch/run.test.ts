import { beforeEach, describe, expect, it, vi } from "vitest";
import { __gpa, __gva, __hpa, PAGE_SIZE } from "../address";
import { Gpr } from "../cpu/state";
import { lcd_arch_ept_gpa_to_hpa, lcd_arch_ept_map, lcd_arch_ept_unmap } from "./ept";
import {
  type LcdArch,
  lcd_arch_create,
  lcd_arch_destroy,
  lcd_arch_gva_root,
  lcd_arch_pc,
  lcd_arch_rflags,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
  lcd_arch_sp,
} from "./lcd-arch";
import { lcd_arch_run } from "./run";
import type { LcdArchSystem } from "./system";
import { CODE, DATA, MAPPED, mapNewPages, ROOT, STACK_TOP, TestMachine, testDomain } from "./test-machine";

let machine: TestMachine;
let system: LcdArchSystem;
beforeEach(() => {
  machine = new TestMachine();
  system = machine.init();
});

const code = (code: string) => expect.objectContaining({ code });
const VMCALL = [0x0f, 0x01, 0xc1];
const domain = (...bytes: number[]) => testDomain(machine, system, bytes);
const run = (lcd: LcdArch, index = 0, budget?: number) => lcd_arch_run(lcd, machine.processors[index], { budget });
const hostAddress = (lcd: LcdArch, gpa: number) => lcd_arch_ept_gpa_to_hpa(lcd, __gpa(gpa));

describe("lcd_arch_run", () => {
  it("runs guest code with the registers, stack and GS base that were set", () => {
    // add rax, rdi; mov rbx, gs:[0x28]; push rax; vmcall
    const lcd = domain(0x48, 0x01, 0xf8, 0x65, 0x48, 0x8b, 0x1c, 0x25, 0x28, 0, 0, 0, 0x50, ...VMCALL);
    machine.memory.writeU64(hostAddress(lcd, DATA + 0x28), 0x1122_3344_5566_7788n);
    lcd.regs[Gpr.rax] = 40n;
    lcd.regs[Gpr.rdi] = 2n;
    expect(run(lcd)).toEqual({ kind: "vmcall", instructions: 3 });
    expect([lcd.regs[Gpr.rax], lcd.regs[Gpr.rbx]]).toEqual([42n, 0x1122_3344_5566_7788n]);
    expect([lcd_arch_sp(lcd), lcd.regs[Gpr.rsp]]).toEqual([BigInt(STACK_TOP - 8), BigInt(STACK_TOP - 8)]);
    expect(machine.memory.readU64(hostAddress(lcd, STACK_TOP - 8))).toBe(42n);
    expect(lcd_arch_pc(lcd)).toBe(BigInt(CODE + 16));
  });

  it("goes on behind a vmcall, with registers that the host has changed meanwhile", () => {
    // vmcall; inc rax; push rax; vmcall
    const lcd = domain(...VMCALL, 0x48, 0xff, 0xc0, 0x50, ...VMCALL);
    run(lcd);
    lcd.regs[Gpr.rax] = 99n;
    lcd_arch_set_sp(lcd, __gva(STACK_TOP - 64));
    expect(run(lcd)).toEqual({ kind: "vmcall", instructions: 2 });
    expect([lcd.regs[Gpr.rax], lcd_arch_sp(lcd)]).toEqual([100n, BigInt(STACK_TOP - 72)]);
  });

  it("keeps flags from one run to the next", () => {
    // stc; vmcall; setc al; vmcall
    const lcd = domain(0xf9, ...VMCALL, 0x0f, 0x92, 0xc0, ...VMCALL);
    run(lcd);
    expect(lcd_arch_rflags(lcd)).toBe(3n);
    run(lcd);
    expect(lcd.regs[Gpr.rax]).toBe(1n);
  });

  it("moves a domain from one processor to another, and back", () => {
    // inc rax; vmcall; jmp back
    const lcd = domain(0x48, 0xff, 0xc0, ...VMCALL, 0xeb, 0xf8);
    for (const index of [0, 1, 0, 0, 1]) expect(run(lcd, index).kind).toBe("vmcall");
    expect(lcd.regs[Gpr.rax]).toBe(5n);
  });

  it("keeps CR2, which no VMCS holds, with its domain, wherever that runs", () => {
    // mov cr2, rax; vmcall; mov rbx, cr2; vmcall
    const bytes = [0x0f, 0x22, 0xd0, ...VMCALL, 0x0f, 0x20, 0xd3, ...VMCALL];
    const [first, second] = [domain(...bytes), domain(...bytes)];
    first.regs[Gpr.rax] = 0x1111n;
    second.regs[Gpr.rax] = 0x2222n;
    run(first);
    run(second);
    run(first, 1);
    run(second);
    expect([first.regs[Gpr.rbx], second.regs[Gpr.rbx]]).toEqual([0x1111n, 0x2222n]);
    // mov rbx, cr2; vmcall
    const third = domain(0x0f, 0x20, 0xd3, ...VMCALL);
    third.regs[Gpr.rbx] = 1n;
    run(third);
    expect(third.regs[Gpr.rbx]).toBe(0n);
  });

  it("faults, and does not fail the host, when it goes on behind the last address below the non-canonical ones", () => {
    const lcd = domain(...VMCALL);
    const { memory } = machine;
    // Linear 0x7fff_ffff_f000: guest page tables at 0x2_0000 to 0x2_2000, the code page at 0x2_3000.
    mapNewPages(machine, lcd, 0x4_0000, 4);
    memory.writeU64(__hpa(hostAddress(lcd, ROOT) + 255n * 8n), 0x4_0003n);
    memory.writeU64(hostAddress(lcd, 0x4_0ff8), 0x4_1003n);
    memory.writeU64(hostAddress(lcd, 0x4_1ff8), 0x4_2003n);
    memory.writeU64(hostAddress(lcd, 0x4_2ff8), 0x4_3003n);
    memory.write(hostAddress(lcd, 0x4_3ffd), Uint8Array.from(VMCALL));
    lcd_arch_set_pc(lcd, __gva(0x7fff_ffff_fffdn));
    expect(run(lcd)).toEqual({ kind: "vmcall", instructions: 0 });
    // SDM 3C, "Checks on Guest RIP, RFLAGS, and SSP": bits 63:57 must be equal. Then the fetch is #GP(0).
    expect(run(lcd)).toEqual({ kind: "exception", vector: 13, errorCode: 0, address: null, instructions: 0 });
  });

  it.each([
    ["jmp", [0xe9, 0, 0, 0, 0x40], 0],
    ["call", [0xe8, 0, 0, 0, 0x40], 0],
    ["jz, taken", [0x31, 0xc0, 0x0f, 0x84, 0, 0, 0, 0x40], 1],
  ])("raises #GP(0) where it is for a %s to an address that is not canonical", (_, bytes, before) => {
    const lcd = domain(...VMCALL);
    const { memory } = machine;
    mapNewPages(machine, lcd, 0x4_0000, 4);
    memory.writeU64(__hpa(hostAddress(lcd, ROOT) + 255n * 8n), 0x4_0003n);
    memory.writeU64(hostAddress(lcd, 0x4_0ff8), 0x4_1003n);
    memory.writeU64(hostAddress(lcd, 0x4_1ff8), 0x4_2003n);
    memory.writeU64(hostAddress(lcd, 0x4_2ff8), 0x4_3003n);
    memory.write(hostAddress(lcd, 0x4_3000), Uint8Array.from(bytes));
    lcd_arch_set_pc(lcd, __gva(0x7fff_ffff_f000n));
    expect(run(lcd)).toMatchObject({ kind: "exception", vector: 13, errorCode: 0, instructions: before });
    expect(lcd_arch_pc(lcd)).toBe(0x7fff_ffff_f000n + BigInt(before * 2));
    expect(lcd_arch_sp(lcd)).toBe(BigInt(STACK_TOP));
  });

  it("keeps domains on one processor apart: same addresses, other memory", () => {
    // inc qword [DATA]; mov rax, [DATA]; vmcall; jmp back
    const bytes = [
      ...[0x48, 0xff, 0x04, 0x25, 0, 0, 2, 0],
      ...[0x48, 0x8b, 0x04, 0x25, 0, 0, 2, 0],
      ...VMCALL,
      ...[0xeb, 0xeb],
    ];
    const [first, second] = [domain(...bytes), domain(...bytes)];
    machine.memory.writeU64(hostAddress(second, DATA), 100n);
    for (const lcd of [first, second, first, second, first]) run(lcd);
    expect([first.regs[Gpr.rax], second.regs[Gpr.rax]]).toEqual([3n, 102n]);
  });

  it("says EINVAL for a pc that no guest can have, and lets it be set right", () => {
    const lcd = domain(...VMCALL);
    lcd_arch_set_pc(lcd, __gva(1n << 57n));
    expect(() => run(lcd)).toThrow(/guest RIP/);
    expect(() => run(lcd)).toThrow(code("EINVAL"));
    lcd_arch_set_pc(lcd, __gva(CODE));
    expect(run(lcd).kind).toBe("vmcall");
  });

  it("says EINVAL for a processor of another machine", () => {
    const lcd = domain(...VMCALL);
    expect(() => lcd_arch_run(lcd, new TestMachine().processors[0])).toThrow(code("EINVAL"));
  });
});

describe("the budget of lcd_arch_run", () => {
  const spin = [0xeb, 0xfe]; // jmp to itself

  it.each([0, 1, 2, 999, 1000, 123_456])("preempts after exactly %i instructions", (budget) => {
    const lcd = domain(...spin);
    expect(run(lcd, 0, budget)).toEqual({ kind: "preempted", instructions: budget });
    expect(run(lcd, 0, 10)).toEqual({ kind: "preempted", instructions: 10 });
    expect(lcd_arch_pc(lcd)).toBe(BigInt(CODE));
  });

  it("does not matter to a domain that exits before", () => {
    // nop; vmcall
    expect(run(domain(0x90, ...VMCALL), 0, 1000)).toEqual({ kind: "vmcall", instructions: 1 });
  });

  it("comes before an exit that the next instruction would cause", () => {
    const lcd = domain(0x90, ...VMCALL);
    expect(run(lcd, 0, 1)).toEqual({ kind: "preempted", instructions: 1 });
    expect(run(lcd, 0, 1)).toEqual({ kind: "vmcall", instructions: 0 });
  });

  it("may be more than the timer holds", () => {
    const lcd = domain(...VMCALL);
    const [processor] = machine.processors;
    const timers: bigint[] = [];
    processor.run = () => {
      timers.push(BigInt(processor.deadline - processor.retired));
      processor.vmx.exit(52);
      return { kind: "vm-exit" };
    };
    expect(run(lcd, 0, 2 ** 33).kind).toBe("preempted");
    expect(timers).toEqual([0xffff_ffffn, 0xffff_ffffn, 2n]);
  });

  it.each([-1, Number.NaN])("cannot be %d", (budget) => {
    const lcd = domain(...VMCALL);
    expect(() => run(lcd, 0, budget)).toThrow(code("EINVAL"));
  });
});

describe("exceptions exit (seed 001, INTERRUPTS)", () => {
  it.each([
    ["divide error", [0x31, 0xc9, 0xf7, 0xf1], 0, null, 2], // xor ecx, ecx; div ecx
    ["invalid opcode", [0x0f, 0x0b], 6, null, 0], // ud2
    ["breakpoint", [0xcc], 3, null, 0], // int3
    ["general protection", [0x48, 0xb8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0xff, 0x30], 13, 0, 10], // mov rax, 2^47; push [rax]
  ])("%s", (_, bytes, vector, errorCode, offset) => {
    const lcd = domain(...bytes);
    expect(run(lcd)).toMatchObject({ kind: "exception", vector, errorCode, address: null });
    expect(lcd_arch_pc(lcd)).toBe(BigInt(CODE + offset));
  });

  it("page fault, with error code and address, and all registers as before the instruction", () => {
    // mov [0x4000_0010], rax
    const lcd = domain(0x48, 0x89, 0x04, 0x25, 0x10, 0, 0, 0x40);
    lcd.regs[Gpr.rbx] = 7n;
    const exit = run(lcd);
    expect(exit).toEqual({ kind: "exception", vector: 14, errorCode: 2, address: 0x4000_0010n, instructions: 0 });
    expect([lcd_arch_pc(lcd), lcd.regs[Gpr.rbx]]).toEqual([BigInt(CODE), 7n]);
  });

  it("page fault of a fetch", () => {
    // jmp rax
    const lcd = domain(0xff, 0xe0);
    lcd.regs[Gpr.rax] = BigInt(MAPPED);
    expect(run(lcd)).toMatchObject({ kind: "exception", vector: 14, errorCode: 0x10, address: BigInt(MAPPED) });
    expect(lcd_arch_pc(lcd)).toBe(BigInt(MAPPED));
  });
});

describe("EPT violations", () => {
  it("of a page that is not there: it can be mapped and the access tried again", () => {
    // mov rax, [0x5_0008]; vmcall
    const lcd = domain(0x48, 0x8b, 0x04, 0x25, 8, 0, 5, 0, ...VMCALL);
    expect(run(lcd)).toEqual({
      kind: "ept-violation",
      gpa: 0x5_0008n,
      gva: 0x5_0008n,
      qualification: 0x181n,
      instructions: 0,
    });
    mapNewPages(machine, lcd, 0x5_0000, 1);
    machine.memory.writeU64(hostAddress(lcd, 0x5_0008), 77n);
    expect(run(lcd).kind).toBe("vmcall");
    expect(lcd.regs[Gpr.rax]).toBe(77n);
  });

  it("of a write to code, which a domain may read and execute", () => {
    // mov rax, [CODE]; mov [CODE], rax
    const lcd = domain(0x48, 0x8b, 0x04, 0x25, 0, 0, 1, 0, 0x48, 0x89, 0x04, 0x25, 0, 0, 1, 0);
    // bit 1 write, bits 3 and 5 readable and executable, 7 and 8
    expect(run(lcd)).toMatchObject({
      kind: "ept-violation",
      gpa: BigInt(CODE),
      qualification: 0x1aan,
      instructions: 1,
    });
  });

  it("of executing data", () => {
    // jmp rax
    const lcd = domain(0xff, 0xe0);
    lcd.regs[Gpr.rax] = BigInt(DATA);
    // bit 2 fetch, bits 3 and 4 readable and writable
    expect(run(lcd)).toMatchObject({ kind: "ept-violation", gva: BigInt(DATA), qualification: 0x19cn });
  });

  it("of a page table that is not there", () => {
    // mov cr3, rax; nop
    const lcd = domain(0x0f, 0x22, 0xd8, 0x90);
    lcd.regs[Gpr.rax] = 0x8_0000n;
    expect(run(lcd)).toMatchObject({ kind: "ept-violation", gpa: 0x8_0000n, qualification: 0x81n });
    expect(lcd_arch_gva_root(lcd)).toBe(0x8_0000n);
  });

  it("follow an unmapping at once, on the processor that has the page cached", () => {
    // mov rax, [DATA]; vmcall; jmp back
    const lcd = domain(0x48, 0x8b, 0x04, 0x25, 0, 0, 2, 0, ...VMCALL, 0xeb, 0xf3);
    expect([run(lcd).kind, run(lcd).kind]).toEqual(["vmcall", "vmcall"]);
    lcd_arch_ept_unmap(lcd, __gpa(DATA));
    expect(run(lcd).kind).toBe("ept-violation");
  });

  it("follow an unmapping on every processor that the domain has run on", () => {
    // l: inc qword [DATA]; vmcall; jmp l
    const lcd = domain(0x48, 0xff, 0x04, 0x25, 0, 0, 2, 0, ...VMCALL, 0xeb, 0xf3);
    for (const index of [0, 1]) expect(run(lcd, index).kind).toBe("vmcall");
    const hpa = hostAddress(lcd, DATA);
    lcd_arch_ept_unmap(lcd, __gpa(DATA));
    for (const index of [1, 0]) expect(run(lcd, index).kind).toBe("ept-violation");
    expect(machine.memory.readU64(hpa)).toBe(2n);
  });

  it("do not follow when a page is put in the place of another", () => {
    const lcd = domain(0x48, 0x8b, 0x04, 0x25, 0, 0, 2, 0, ...VMCALL, 0xeb, 0xf3);
    run(lcd);
    const page = machine.pages.allocPage();
    machine.memory.writeU64(page, 5n);
    lcd_arch_ept_map(lcd, __gpa(DATA), page, { overwrite: true });
    run(lcd);
    expect(lcd.regs[Gpr.rax]).toBe(5n);
  });
});

describe("what domains may not do exits by its name", () => {
  it.each([
    ["CPUID", [0x0f, 0xa2], 10],
    ["RDMSR", [0x0f, 0x32], 31],
    ["WRMSR", [0x0f, 0x30], 32],
    ["WBINVD or WBNOINVD", [0x0f, 0x09], 54],
    ["VMXOFF", [0x0f, 0x01, 0xc4], 26],
    ["VMLAUNCH", [0x0f, 0x01, 0xc2], 20],
    ["MOV DR", [0x0f, 0x23, 0xf8], 29],
    ["Control-register accesses", [0x31, 0xc0, 0x0f, 0x22, 0xc0], 28], // xor eax, eax; mov cr0, rax
  ])("%s", (name, bytes, reason) => {
    expect(run(domain(...bytes))).toMatchObject({ kind: "other", name, reason });
  });

  it("hlt", () => {
    expect(run(domain(0xf4))).toEqual({ kind: "hlt", instructions: 0 });
  });
});

describe("control registers of a domain", () => {
  it("read as those of a processor without VMX, and may be written with what they have", () => {
    // mov rax, cr4; mov cr4, rax; mov rbx, cr0; mov cr0, rbx; vmcall
    const lcd = domain(0x0f, 0x20, 0xe0, 0x0f, 0x22, 0xe0, 0x0f, 0x20, 0xc3, 0x0f, 0x22, 0xc3, ...VMCALL);
    expect(run(lcd)).toEqual({ kind: "vmcall", instructions: 4 });
    expect(lcd.regs[Gpr.rax] & 0x2000n).toBe(0n); // VMXE
    expect(lcd.regs[Gpr.rbx] & 0x8001_0001n).toBe(0x8001_0001n); // PG, WP, PE
  });

  it("let a domain change its address space: CR3 is its own", () => {
    // mov rax, cr3; mov cr3, rax; vmcall
    const lcd = domain(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, ...VMCALL);
    expect(run(lcd).kind).toBe("vmcall");
    expect(lcd.regs[Gpr.rax]).toBe(BigInt(ROOT));
  });
});

describe("external interrupts exit, unacknowledged (seed 001, INTERRUPTS)", () => {
  it("before the next instruction", () => {
    const lcd = domain(0xeb, 0xfe);
    machine.processors[0].requestInterrupt(0xfd);
    expect(run(lcd)).toEqual({ kind: "external-interrupt", instructions: 0 });
    expect(run(lcd)).toEqual({ kind: "external-interrupt", instructions: 0 });
  });
});

describe("LcdArchExit", () => {
  /** Runs a domain whose guest code does nothing but exit. */
  const exitWith = (...exit: Parameters<TestMachine["processors"][number]["vmx"]["exit"]>) => {
    const [processor] = machine.processors;
    processor.run = () => {
      processor.vmx.exit(...exit);
      return { kind: "vm-exit" };
    };
    return run(domain(...VMCALL));
  };

  it("has no gva when the access was by no linear address", () => {
    expect(exitWith(48, { qualification: 2n, guestPhysicalAddress: 0x5000n })).toMatchObject({
      gpa: 0x5000n,
      gva: null,
    });
  });

  it("tells EPT misconfigurations and triple faults", () => {
    expect(exitWith(49, { guestPhysicalAddress: 0x5123n })).toMatchObject({
      kind: "ept-misconfiguration",
      gpa: 0x5123n,
    });
    expect(exitWith(2).kind).toBe("triple-fault");
  });

  it("is EIO when the processor stops in a guest for no reason", () => {
    const [processor] = machine.processors;
    processor.run = () => ({ kind: "limit" });
    const lcd = domain(...VMCALL);
    expect(() => run(lcd)).toThrow(code("EIO"));
  });
});

describe("lcd_arch_create and lcd_arch_destroy", () => {
  it("take and give back the pages of VMCS and EPT", () => {
    const before = machine.pages.used;
    const lcd = lcd_arch_create(system);
    expect(machine.pages.used).toBe(before + 2);
    lcd_arch_destroy(lcd);
    expect(machine.pages.used).toBe(before);
  });

  it("leave nothing behind when memory runs out", () => {
    const before = machine.pages.used;
    for (const limit of [0, 1]) {
      machine.pages.limit = limit;
      expect(() => lcd_arch_create(system)).toThrow(code("ENOMEM"));
      expect([machine.pages.used, system.domains.size]).toEqual([before, 0]);
    }
  });

  it("leave no code or translation behind for a domain that gets the same pages", () => {
    for (const value of [1, 2, 3]) {
      // mov eax, value; vmcall
      const lcd = domain(0xb8, value, 0, 0, 0, ...VMCALL);
      const pages = [CODE, DATA, STACK_TOP - PAGE_SIZE, ROOT, 0x2000, 0x3000].map((gpa) => hostAddress(lcd, gpa));
      run(lcd);
      expect(lcd.regs[Gpr.rax]).toBe(BigInt(value));
      lcd_arch_destroy(lcd);
      for (const page of pages) machine.pages.freePage(__hpa(page));
      expect(machine.pages.used).toBe(2);
    }
  });

  it("invalidate what processors have cached of a domain, and nothing on others", () => {
    const flushes = machine.processors.map((processor) => vi.spyOn(processor, "invalidateEpt"));
    const lcd = domain(...VMCALL);
    run(lcd, 1);
    lcd_arch_destroy(lcd);
    expect(flushes.map((flush) => flush.mock.calls.length)).toEqual([0, 1]);
  });

  it("make every use of a destroyed domain EINVAL", () => {
    const lcd = domain(...VMCALL);
    lcd_arch_destroy(lcd);
    expect(() => lcd_arch_destroy(lcd)).toThrow(code("EINVAL"));
    expect(() => lcd_arch_pc(lcd)).toThrow(code("EINVAL"));
    expect(() => run(lcd)).toThrow(code("EINVAL"));
  });

  it("can be done more often than there are VPIDs", () => {
    for (let i = 0; i < 70_000; i++) system.releaseVpid(system.takeVpid());
    for (let i = 0; i < 500; i++) lcd_arch_destroy(lcd_arch_create(system));
    expect([system.domains.size, machine.pages.used]).toEqual([0, 2]);
  });
});
