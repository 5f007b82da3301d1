import { beforeEach, describe, expect, it } from "vitest";
import { readControlRegister } from "../cpu/system/control-registers";
import { lcd_arch_create, lcd_arch_destroy } from "./lcd-arch";
import { lcd_arch_exit } from "./system";
import { TestMachine } from "./test-machine";

let machine: TestMachine;
beforeEach(() => {
  machine = new TestMachine();
});

const code = (code: string) => expect.objectContaining({ code });
const on = () => machine.processors.map((processor) => processor.vmx.on);
const cr4 = () => machine.processors.map((processor) => readControlRegister(processor, 4));

describe("lcd_arch_init", () => {
  it("turns VMX on, on every processor, with a VMXON region each", () => {
    machine.init();
    expect(on()).toEqual([true, true]);
    expect(machine.pages.used).toBe(2);
  });

  it("locks IA32_FEATURE_CONTROL when firmware has not", () => {
    machine.init();
    expect(machine.processors[1].readMsr(0x3a)).toBe(5n);
  });

  it("says ENODEV when firmware has disabled VMX, and leaves VMX off everywhere", () => {
    const before = cr4();
    machine.processors[1].writeMsr(0x3a, 1n);
    expect(() => machine.init()).toThrow(code("ENODEV"));
    expect(on()).toEqual([false, false]);
    expect(cr4()).toEqual(before);
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
    expect(() => machine.init()).toThrow(code("ENODEV"));
    expect(() => machine.init()).toThrow(words);
    expect(machine.pages.used).toBe(0);
  });

  it("says ENODEV for a processor that is not in 64-bit mode at CPL 0", () => {
    machine.processors[1].state.set32("cpl", 3);
    expect(() => machine.init()).toThrow(code("ENODEV"));
    expect(() => machine.init()).toThrow(/VMXON on processor 1: .*CPL/);
    expect(on()).toEqual([false, false]);
    expect(machine.pages.used).toBe(0);
  });

  it("says ENOMEM without a page for each processor, and gives back what it took", () => {
    machine.pages.limit = 1;
    expect(() => machine.init()).toThrow(code("ENOMEM"));
    expect(machine.pages.used).toBe(0);
    expect(on()).toEqual([false, false]);
  });

  it("says EBUSY when VMX is on already", () => {
    machine.init();
    expect(() => machine.init()).toThrow(code("EBUSY"));
    expect(on()).toEqual([true, true]);
  });
});

describe("lcd_arch_exit", () => {
  it("turns VMX off and frees the VMXON regions", () => {
    const before = cr4();
    lcd_arch_exit(machine.init());
    expect(on()).toEqual([false, false]);
    expect(cr4()).toEqual(before);
    expect(machine.pages.used).toBe(0);
  });

  it("says EBUSY while a domain exists", () => {
    const system = machine.init();
    const lcd = lcd_arch_create(system);
    expect(() => lcd_arch_exit(system)).toThrow(code("EBUSY"));
    lcd_arch_destroy(lcd);
    lcd_arch_exit(system);
    expect(machine.pages.used).toBe(0);
  });
});
