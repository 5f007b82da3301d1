import { beforeEach, describe, expect, it } from "vitest";
import { __gpa, __gva } from "../address";
import { Gpr, Segment } from "../cpu/state";
import {
  type LcdArch,
  lcd_arch_create,
  lcd_arch_destroy,
  lcd_arch_gva_root,
  lcd_arch_pc,
  lcd_arch_rflags,
  lcd_arch_set_gs_base,
  lcd_arch_set_gva_root,
  lcd_arch_set_pc,
  lcd_arch_set_sp,
  lcd_arch_sp,
} from "./lcd-arch";
import { lcd_arch_run } from "./run";
import { type LcdArchSystem, lcd_arch_init } from "./system";
import { type ScriptedProcessor, TestMachine } from "./test-machine";

let machine: TestMachine;
let system: LcdArchSystem;
let lcd: LcdArch;
beforeEach(() => {
  machine = new TestMachine();
  system = lcd_arch_init(machine, machine.pages);
  lcd = lcd_arch_create(system);
});

const code = (code: string) => expect.objectContaining({ code });

/** Runs the domain on a processor with this as its code. */
function run(guest: (processor: ScriptedProcessor) => void, index = 0, budget?: number) {
  const processor = machine.processors[index];
  processor.guest = guest;
  return lcd_arch_run(lcd, processor, { budget });
}

const vmcall = (p: ScriptedProcessor) => p.vmx.exit(18, { instructionLength: 3 });

describe("lcd_arch_run", () => {
  it("enters a 64-bit guest at CPL 0 with the registers that were set", () => {
    lcd_arch_set_pc(lcd, __gva(0xffff_ffff_a000_1000n));
    lcd_arch_set_sp(lcd, __gva(0x50_8000));
    lcd_arch_set_gva_root(lcd, __gpa(0x10_0000));
    lcd_arch_set_gs_base(lcd, __gva(0x50_0000));
    lcd.regs[Gpr.rdi] = 42n;
    run((p) => {
      const { state } = p;
      expect([state.get64("rip"), state.gpr[Gpr.rsp], state.gpr[Gpr.rdi]]).toEqual([
        0xffff_ffff_a000_1000n,
        0x50_8000n,
        42n,
      ]);
      expect([state.get64("cr3"), state.get64("segmentBase", Segment.gs)]).toEqual([0x10_0000n, 0x50_0000n]);
      expect([state.get32("nonRoot"), state.get32("cpl"), state.get64("efer")]).toEqual([1, 0, 0xd00n]);
      expect(state.get32("segmentRights", Segment.cs) & 0x2000).toBe(0x2000); // 64-bit code
      expect(state.get64("eptp")).not.toBe(0n);
      expect(state.get64("vpid")).not.toBe(0n);
      vmcall(p);
    });
  });

  it("gives back all registers after an exit, with the pc behind a vmcall", () => {
    lcd_arch_set_pc(lcd, __gva(0x1000));
    const exit = run((p) => {
      p.gpr.forEach((_, index) => {
        p.gpr[index] = BigInt(index) + 0x100n;
      });
      p.state.set64("rip", 0x1234n);
      p.rflags = 0x246n;
      p.retired += 7;
      vmcall(p);
    });
    expect(exit).toEqual({ kind: "vmcall", instructions: 7 });
    expect([...lcd.regs]).toEqual(Array.from({ length: 16 }, (_, index) => BigInt(index) + 0x100n));
    expect([lcd_arch_pc(lcd), lcd_arch_sp(lcd), lcd_arch_rflags(lcd)]).toEqual([0x1237n, 0x104n, 0x246n]);
  });

  it("goes on where the guest was, with registers that the host has changed meanwhile", () => {
    run((p) => {
      p.state.set64("rip", 0x2000n);
      p.state.set64("cr3", 0x20_0000n);
      vmcall(p);
    });
    expect(lcd_arch_gva_root(lcd)).toBe(0x20_0000n);
    lcd.regs[Gpr.rax] = 5n;
    lcd.regs[Gpr.rsp] = 0x7000n;
    run((p) => {
      expect([p.state.get64("rip"), p.gpr[Gpr.rax], p.gpr[Gpr.rsp]]).toEqual([0x2003n, 5n, 0x7000n]);
      expect(p.state.get64("cr3")).toBe(0x20_0000n);
      vmcall(p);
    });
  });

  it("moves from one processor to another, and back", () => {
    for (const index of [0, 1, 0]) {
      lcd.regs[Gpr.rax] = BigInt(index);
      run((p) => {
        expect(p.index).toBe(index);
        p.state.set64("rip", p.state.get64("rip") + 0x10n);
        vmcall(p);
      }, index);
    }
    expect(lcd_arch_pc(lcd)).toBe(0x39n); // three times 0x10, and a vmcall of 3 bytes
  });

  it("keeps domains on one processor apart", () => {
    const other = lcd_arch_create(system);
    lcd_arch_set_pc(lcd, __gva(0x1000));
    lcd_arch_set_pc(other, __gva(0x2000));
    const seen: bigint[] = [];
    const vpids = new Set<bigint>();
    machine.processors[0].guest = (p) => {
      seen.push(p.state.get64("rip"));
      vpids.add(p.state.get64("vpid"));
      vmcall(p);
    };
    for (const each of [lcd, other, lcd, other]) lcd_arch_run(each, machine.processors[0]);
    expect(seen).toEqual([0x1000n, 0x2000n, 0x1003n, 0x2003n]);
    expect(vpids.size).toBe(2);
  });

  it("says EINVAL for registers that no guest can have, and lets them be set right", () => {
    lcd_arch_set_pc(lcd, __gva(1n << 47n));
    expect(() => run(vmcall)).toThrow(/guest RIP/);
    lcd_arch_set_pc(lcd, __gva(0x1000));
    expect(run(vmcall).kind).toBe("vmcall");
  });

  it("says EINVAL for a processor of another machine", () => {
    expect(() => lcd_arch_run(lcd, new TestMachine().processors[0])).toThrow(code("EINVAL"));
  });
});

describe("the budget of lcd_arch_run", () => {
  it("is the deadline in retired instructions", () => {
    machine.processors[0].retired = 100;
    const exit = run(
      (p) => {
        expect(p.deadline).toBe(1100);
        p.retired = p.deadline;
        p.vmx.exit(52);
      },
      0,
      1000,
    );
    expect(exit).toEqual({ kind: "preempted", instructions: 1000 });
  });

  it("may be larger than the timer, or absent", () => {
    let entries = 0;
    const spin = (p: ScriptedProcessor) => {
      p.retired = p.deadline;
      p.vmx.exit(52);
      entries++;
    };
    expect(run(spin, 0, 2 ** 33)).toEqual({ kind: "preempted", instructions: 2 ** 33 });
    expect(entries).toBe(3); // 2 * (2^32 - 1) + 2
    entries = 0;
    expect(run((p) => (entries < 3 ? spin(p) : vmcall(p))).kind).toBe("vmcall");
  });

  it.each([-1, Number.NaN])("cannot be %d", (budget) => {
    expect(() => run(vmcall, 0, budget)).toThrow(code("EINVAL"));
  });
});

describe("LcdArchExit", () => {
  it("tells exceptions with error code, and the address of a page fault", () => {
    expect(run((p) => p.vmx.exitForException(14, 2, 0xdead_beefn))).toMatchObject({
      kind: "exception",
      vector: 14,
      errorCode: 2,
      address: 0xdead_beefn,
    });
    expect(run((p) => p.vmx.exitForException(0, null, 0n))).toMatchObject({
      kind: "exception",
      vector: 0,
      errorCode: null,
      address: null,
    });
  });

  it("tells EPT violations", () => {
    const information = { qualification: 0x182n, guestLinearAddress: 0x5678n, guestPhysicalAddress: 0x1_5678n };
    expect(run((p) => p.vmx.exit(48, information))).toMatchObject({
      kind: "ept-violation",
      gpa: 0x1_5678n,
      gva: 0x5678n,
      qualification: 0x182n,
    });
    expect(run((p) => p.vmx.exit(48, { ...information, qualification: 2n }))).toMatchObject({ gva: null });
    expect(run((p) => p.vmx.exit(49, { guestPhysicalAddress: 0x1000n }))).toMatchObject({
      kind: "ept-misconfiguration",
      gpa: 0x1000n,
    });
  });

  it.each([
    [1, "external-interrupt"],
    [2, "triple-fault"],
    [12, "hlt"],
  ])("tells reason %i as %s", (reason, kind) => {
    expect(run((p) => p.vmx.exit(reason)).kind).toBe(kind);
  });

  it("names everything else as the manual does", () => {
    expect(run((p) => p.vmx.exit(10))).toEqual({
      kind: "other",
      reason: 10,
      name: "CPUID",
      qualification: 0n,
      instructions: 0,
    });
    expect(run((p) => p.vmx.exit(28, { qualification: 4n }))).toMatchObject({
      name: "Control-register accesses",
      qualification: 4n,
    });
  });

  it("leaves the pc at the instruction for everything but a vmcall", () => {
    lcd_arch_set_pc(lcd, __gva(0x1000));
    run((p) => p.vmx.exit(12, { instructionLength: 1 }));
    expect(lcd_arch_pc(lcd)).toBe(0x1000n);
  });
});

describe("what a domain's controls make exit (seed 001, INTERRUPTS)", () => {
  it("is every exception, every page fault, and changes of control registers, but not of CR3", () => {
    run((p) => {
      const { exits } = p.vmx;
      for (let vector = 0; vector < 32; vector++) expect(exits.exception(vector, 0)).toBe(true);
      for (const errorCode of [0, 1, 2, 3, 16, 17]) expect(exits.exception(14, errorCode)).toBe(true);
      expect([exits.cr3Write(0x1000n), exits.cr3Read()]).toEqual([false, false]);
      expect(exits.cr0Write(0n)).toBe(true);
      expect(exits.cr4Write(exits.cr4Seen(0x20a0n))).toBe(false);
      expect(exits.cr4Write(exits.cr4Seen(0x20a0n) ^ 0x80n)).toBe(true);
      for (const name of ["hlt", "io", "movDr", "wbinvd", "rdmsr", "cpuid"] as const) {
        expect(exits.instruction(name)).not.toBeNull();
      }
      vmcall(p);
    });
  });
});

describe("lcd_arch_create and lcd_arch_destroy", () => {
  it("take and give back the pages of VMCS and EPT", () => {
    const before = machine.pages.used;
    const second = lcd_arch_create(system);
    expect(machine.pages.used).toBe(before + 2);
    lcd_arch_destroy(second);
    expect(machine.pages.used).toBe(before);
  });

  it("leave nothing behind when memory runs out", () => {
    const before = machine.pages.used;
    for (const limit of [0, 1]) {
      machine.pages.limit = limit;
      expect(() => lcd_arch_create(system)).toThrow(code("ENOMEM"));
      expect([machine.pages.used, system.domains.size]).toEqual([before, 1]);
    }
  });

  it("invalidate what a processor has cached, as the pages will be used again", () => {
    run(vmcall);
    lcd_arch_destroy(lcd);
    expect(machine.processors[0].invalidated).toHaveLength(1);
  });

  it("make every use of a destroyed domain EINVAL", () => {
    lcd_arch_destroy(lcd);
    expect(() => lcd_arch_destroy(lcd)).toThrow(code("EINVAL"));
    expect(() => lcd_arch_pc(lcd)).toThrow(code("EINVAL"));
    expect(() => run(vmcall)).toThrow(code("EINVAL"));
  });

  it("can be done more often than there are VPIDs", () => {
    for (let i = 0; i < 70_000; i++) system.releaseVpid(system.takeVpid());
    for (let i = 0; i < 500; i++) lcd_arch_destroy(lcd_arch_create(system));
    expect(system.domains.size).toBe(1);
  });
});
