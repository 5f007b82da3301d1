import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApicRegister as R } from "./local-apic-registers";
import { type TestApic, TestApics } from "./test-apics";
import { readX2apicMsr, writeX2apicMsr } from "./x2apic-msrs";

const MASKED = 1 << 16;

const one = (): { apic: TestApic; machine: TestApics } => {
  const machine = new TestApics(1);
  return { apic: machine.apics[0], machine };
};

/** An IPI to itself: shorthand 01b in bits 19:18. */
const self = (vector: number): number => 0x4_0000 | vector;

describe("the local APIC after power-up (SDM 3A, Local APIC State After Power-Up or Reset)", () => {
  it("has zero, except for DFR, SVR, version and masked LVT entries", () => {
    const { apic } = one();
    apic.apic.init();
    const readable = Array.from({ length: 0x40 }, (_, n) => n).filter((n) => apic.read(n) !== 0);
    expect(readable.map((n) => [n, apic.read(n)])).toEqual([
      [R.version, 0x50014],
      [R.destinationFormat, 0xffffffff],
      [R.spuriousVector, 0xff],
      ...[R.lvtTimer, R.lvtThermal, R.lvtPerformance, R.lvtLint0, R.lvtLint1, R.lvtError].map((n) => [n, MASKED]),
    ]);
  });

  it("has its ID in bits 31 to 24, which cannot be written", () => {
    const { apics } = new TestApics(4);
    apics[3].write(R.id, 0x7f000000);
    expect(apics.map((apic) => apic.read(R.id))).toEqual([0, 0x1000000, 0x2000000, 0x3000000]);
  });

  it("is at 0xfee00000, enabled, and the bootstrap processor's has the BSP flag", () => {
    const { apics } = new TestApics(2);
    expect(apics.map(({ apic }) => apic.readBase())).toEqual([0xfee00900n, 0xfee00800n]);
    expect(apics[0].apic.mmioAddress()).toBe(0xfee00000);
  });

  it("keeps LVT entries masked and takes no fixed interrupts until software enables it, but takes NMI, INIT and SIPI", () => {
    const { apics } = new TestApics(2);
    const [from, to] = apics;
    to.write(R.spuriousVector, 0xff);
    to.write(R.lvtTimer, 0x40);
    expect(to.read(R.lvtTimer)).toBe(MASKED | 0x40);
    for (const command of [0x4040, 0x4400, 0x4500, 0x4608]) from.command(command, 1);
    expect(to.drain()).toEqual([]);
    expect(to.signals).toEqual(["nmi", "init", "startup 8"]);
  });
});

describe("register accesses", () => {
  it("reads parts of a register, and nothing between registers", () => {
    const { apic } = one();
    expect([apic.page.readMemory(0x30, 1), apic.page.readMemory(0x32, 2), apic.page.readMemory(0x34, 4)]).toEqual([
      0x14, 0x5, 0,
    ]);
  });

  it("ignores writes of less than 4 bytes", () => {
    const { apic } = one();
    apic.page.writeMemory(R.taskPriority << 4, 1, 0x20);
    expect(apic.read(R.taskPriority)).toBe(0);
  });

  it("reports an illegal register address in bit 7 of ESR, which shows errors when it is written", () => {
    const { apic } = one();
    apic.read(0x04);
    expect(apic.read(R.errorStatus)).toBe(0);
    apic.write(R.errorStatus, 0);
    expect(apic.read(R.errorStatus)).toBe(0x80);
    apic.write(R.errorStatus, 0);
    expect(apic.read(R.errorStatus)).toBe(0);
  });
});

describe("priorities (SDM 3A, Interrupt, Task, and Processor Priority)", () => {
  it("delivers the highest vector first, and a lower class only after EOI", () => {
    const { apic } = one();
    for (const vector of [0x35, 0x91, 0x36]) apic.command(self(vector));
    expect(apic.apic.acknowledge()).toBe(0x91);
    expect(apic.apic.pendingVector()).toBe(-1);
    apic.write(R.endOfInterrupt, 0);
    expect(apic.apic.acknowledge()).toBe(0x36);
    expect(apic.apic.pendingVector()).toBe(-1);
    apic.write(R.endOfInterrupt, 0);
    expect(apic.apic.acknowledge()).toBe(0x35);
  });

  it("interrupts a handler for a higher class only, not for a higher vector of the same", () => {
    const { apic } = one();
    apic.command(self(0x50));
    apic.apic.acknowledge();
    apic.command(self(0x5f));
    expect(apic.apic.pendingVector()).toBe(-1);
    apic.command(self(0x60));
    expect(apic.apic.pendingVector()).toBe(0x60);
  });

  it("computes PPR from TPR and the highest vector in service", () => {
    const { apic } = one();
    apic.write(R.taskPriority, 0x34);
    expect(apic.read(R.processorPriority)).toBe(0x34);
    apic.command(self(0x57));
    apic.apic.acknowledge();
    expect(apic.read(R.processorPriority)).toBe(0x50);
    apic.write(R.taskPriority, 0x63);
    expect(apic.read(R.processorPriority)).toBe(0x63);
  });

  it("couples CR8 with bits 7 to 4 of TPR", () => {
    const { apic } = one();
    apic.apic.writeCr8(0x5);
    expect(apic.read(R.taskPriority)).toBe(0x50);
    apic.write(R.taskPriority, 0x9c);
    expect(apic.apic.readCr8()).toBe(9);
    apic.command(self(0x9f));
    expect(apic.apic.pendingVector()).toBe(-1);
    const before = apic.interrupts;
    apic.apic.writeCr8(8);
    expect(apic.apic.pendingVector()).toBe(0x9f);
    expect(apic.interrupts).toBeGreaterThan(before);
  });

  it("shows IRR and ISR as 256 bits in eight registers each", () => {
    const { apic } = one();
    apic.command(self(0x91));
    expect(apic.read(R.interruptRequest + 4)).toBe(1 << 0x11);
    apic.apic.acknowledge();
    expect([apic.read(R.interruptRequest + 4), apic.read(R.inService + 4)]).toEqual([0, 1 << 0x11]);
  });

  it("gives the spurious vector when there is nothing to acknowledge, without setting ISR", () => {
    const { apic } = one();
    apic.write(R.spuriousVector, 0x1ef);
    expect(apic.apic.acknowledge()).toBe(0xef);
    expect(apic.read(R.inService + 7)).toBe(0);
  });

  it("delivers what has been requested in the order of priority, whatever it is", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 16, max: 255 })), (vectors) => {
        const { apic } = one();
        for (const vector of vectors) apic.command(self(vector));
        expect(apic.drain()).toEqual([...vectors].sort((a, b) => b - a));
      }),
    );
  });
});

describe("errors (SDM 3A, Error Handling)", () => {
  it("interrupt once until ESR is written", () => {
    const { apic } = one();
    apic.write(R.lvtError, 0x71);
    apic.read(0x04);
    apic.read(0x04);
    expect(apic.drain()).toEqual([0x71]);
    apic.read(0x04);
    expect(apic.drain()).toEqual([]);
    apic.write(R.errorStatus, 0);
    apic.read(0x04);
    expect(apic.drain()).toEqual([0x71]);
  });

  it("end with an error interrupt whose own vector is illegal", () => {
    const { apic } = one();
    apic.write(R.lvtError, 0x0f);
    apic.read(0x04);
    apic.write(R.errorStatus, 0);
    expect(apic.read(R.errorStatus)).toBe(0xc0);
  });
});

describe("the pins LINT0 and LINT1", () => {
  it("connect the 8259 through ExtINT, while it is active and not masked", () => {
    const { apic } = one();
    apic.apic.lint0.set(true);
    expect(apic.apic.extIntPending()).toBe(false);
    apic.write(R.lvtLint0, 0x700);
    expect(apic.apic.extIntPending()).toBe(true);
    expect(apic.interrupts).toBeGreaterThan(0);
    apic.apic.lint0.set(false);
    expect(apic.apic.extIntPending()).toBe(false);
  });

  it("are INTR and NMI of the processor while the APIC is disabled", () => {
    const { apic } = one();
    apic.apic.writeBase(0xfee00000n);
    apic.apic.lint0.set(true);
    apic.apic.lint1.set(true);
    expect([apic.apic.extIntPending(), apic.signals]).toEqual([true, ["nmi"]]);
  });

  it("signal NMI at a rising edge only", () => {
    const { apic } = one();
    apic.write(R.lvtLint1, 0x400);
    for (const level of [true, true, false, true]) apic.apic.lint1.set(level);
    expect(apic.signals).toEqual(["nmi", "nmi"]);
  });

  it("interrupt again after EOI when a level-triggered one is active still", () => {
    const { apic } = one();
    apic.write(R.lvtLint0, 0x8045);
    apic.apic.lint0.set(true);
    expect(apic.read(R.lvtLint0)).toBe(0xc045);
    expect(apic.apic.acknowledge()).toBe(0x45);
    apic.write(R.endOfInterrupt, 0);
    expect(apic.apic.acknowledge()).toBe(0x45);
    apic.apic.lint0.set(false);
    apic.write(R.endOfInterrupt, 0);
    expect([apic.apic.pendingVector(), apic.read(R.lvtLint0)]).toEqual([-1, 0x8045]);
  });
});

describe("a hostile guest", () => {
  const access = fc.record({
    kind: fc.constantFrom("read", "write", "msr", "base", "deadline", "pass", "acknowledge", "pins"),
    at: fc.nat(0xfff),
    value: fc.oneof(fc.nat(0xffff), fc.integer({ min: 0, max: 0xffffffff })),
    size: fc.constantFrom(1 as const, 2 as const, 4 as const),
  });

  it("writes what it likes: nothing throws, and there is one deadline at most for each processor", () => {
    fc.assert(
      fc.property(fc.array(access, { maxLength: 300 }), (accesses) => {
        const machine = new TestApics(2);
        const [{ apic, page }, other] = machine.apics;
        let woken = 0;
        for (const { kind, at, value, size } of accesses) {
          if (kind === "read") page.readMemory(at & -size, size);
          if (kind === "write") page.writeMemory(at & (size === 4 ? 0xff0 : -size), size, value);
          if (kind === "msr" && !writeX2apicMsr(apic, 0x800 + (at & 0x3f), BigInt(value)))
            readX2apicMsr(apic, 0x800 + (at & 0xff));
          if (kind === "base") apic.writeBase(0xfee00000n | BigInt((value & 3) << 10));
          if (kind === "deadline") apic.writeTscDeadline(BigInt(value) << BigInt(at & 31));
          if (kind === "acknowledge") apic.acknowledge();
          if (kind === "pins") (at & 1 ? apic.lint0 : apic.lint1).set((value & 1) === 1);
          if (kind === "pass") {
            const end = machine.clock.now() + at;
            for (; machine.clock.nextDeadline() <= end; woken++) machine.clock.runDue(machine.clock.nextDeadline());
          }
        }
        other.drain();
        // A write can start a count that ends at once; all other deadlines are 1000 ns apart.
        expect(woken).toBeLessThanOrEqual(accesses.length + machine.clock.now() / 1000 + 1);
      }),
    );
  });
});
