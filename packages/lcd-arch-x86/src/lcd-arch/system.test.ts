import { beforeEach, describe, expect, it } from "vitest";
import { lcd_arch_create, lcd_arch_destroy } from "./lcd-arch";
import { lcd_arch_exit, lcd_arch_init } from "./system";
import { TestMachine } from "./test-machine";

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

const enodev = expect.objectContaining({ code: "ENODEV" });

describe("lcd_arch_init", () => {
  it("turns VMX on, on every processor, with a VMXON region each", () => {
    lcd_arch_init(machine, machine.pages);
    expect(machine.processors.map((processor) => processor.vmx.on)).toEqual([true, true]);
    expect(machine.pages.used).toBe(2);
  });

  it("locks IA32_FEATURE_CONTROL when firmware has not", () => {
    lcd_arch_init(machine, machine.pages);
    expect(machine.processors[1].readMsr(0x3a)).toBe(5n);
  });

  it("says ENODEV when firmware has disabled VMX, and leaves VMX off everywhere", () => {
    machine.processors[1].writeMsr(0x3a, 1n);
    expect(() => lcd_arch_init(machine, machine.pages)).toThrow(enodev);
    expect(machine.processors.map((processor) => processor.vmx.on)).toEqual([false, false]);
    expect(machine.processors[0].readControlRegister(4)).toBe(0x20n);
    expect(machine.pages.used).toBe(0);
  });

  it.each([
    ["no EPT", 0x48b, 0x20n << 32n, /secondary/],
    ["no preemption timer", 0x48d, 0x0000_003f_0000_0016n, /pin-based/],
    ["no 4-level EPT walks", 0x48c, 0n, /EPT capabilities/],
    ["uncacheable VMCS regions", 0x480, (4096n << 32n) | (1n << 55n), /not write-back/],
    ["no true controls", 0x480, (4096n << 32n) | (6n << 50n), /"true"/],
  ])("says ENODEV for a processor with %s", (_, index, value, words) => {
    const [processor] = machine.processors;
    const read = processor.readMsr.bind(processor);
    processor.readMsr = (msr) => (msr === index ? value : read(msr));
    expect(() => lcd_arch_init(machine, machine.pages)).toThrow(enodev);
    expect(() => lcd_arch_init(machine, machine.pages)).toThrow(words);
    expect(machine.pages.used).toBe(0);
  });

  it("says ENOMEM without a page for each processor, and gives back what it took", () => {
    machine.pages.limit = 1;
    expect(() => lcd_arch_init(machine, machine.pages)).toThrow(expect.objectContaining({ code: "ENOMEM" }));
    expect(machine.pages.used).toBe(0);
    expect(machine.processors[0].vmx.on).toBe(false);
  });

  it("says EBUSY when VMX is on already", () => {
    lcd_arch_init(machine, machine.pages);
    expect(() => lcd_arch_init(machine, machine.pages)).toThrow(expect.objectContaining({ code: "EBUSY" }));
    expect(machine.processors[0].vmx.on).toBe(true);
  });

  it("says ENODEV for a machine without processors", () => {
    expect(() => lcd_arch_init(new TestMachine(0), machine.pages)).toThrow(enodev);
  });
});

describe("lcd_arch_exit", () => {
  it("turns VMX off and frees the VMXON regions", () => {
    lcd_arch_exit(lcd_arch_init(machine, machine.pages));
    expect(machine.processors.map((processor) => processor.vmx.on)).toEqual([false, false]);
    expect(machine.processors[0].readControlRegister(4)).toBe(0x20n);
    expect(machine.pages.used).toBe(0);
  });

  it("says EBUSY while a domain exists", () => {
    const system = lcd_arch_init(machine, machine.pages);
    const lcd = lcd_arch_create(system);
    expect(() => lcd_arch_exit(system)).toThrow(expect.objectContaining({ code: "EBUSY" }));
    lcd_arch_destroy(lcd);
    lcd_arch_exit(system);
    expect(machine.pages.used).toBe(0);
  });
});
