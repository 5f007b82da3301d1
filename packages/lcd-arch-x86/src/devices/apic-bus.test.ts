import { describe, expect, it } from "vitest";
import { ApicRegister as R } from "./local-apic-registers";
import { TestApics } from "./test-apics";

describe("interprocessor interrupts (SDM 3A, Issuing Interprocessor Interrupts)", () => {
  const takers = (machine: TestApics): number[] =>
    machine.apics.flatMap((apic, index) => (apic.drain().length > 0 ? [index] : []));

  it("go to the ID in physical mode, to all for 0xff", () => {
    const machine = new TestApics(3);
    machine.apics[0].command(0x4041, 2);
    expect(takers(machine)).toEqual([2]);
    machine.apics[0].command(0x4041, 0xff);
    expect(takers(machine)).toEqual([0, 1, 2]);
    machine.apics[0].command(0x4041, 9);
    expect(takers(machine)).toEqual([]);
  });

  it("go where shorthands say", () => {
    const machine = new TestApics(3);
    const sent = [1, 2, 3].map((shorthand) => {
      machine.apics[1].command((shorthand << 18) | 0x4041);
      return takers(machine);
    });
    expect(sent).toEqual([[1], [0, 1, 2], [0, 2]]);
  });

  it("go to every set bit of an LDR in the flat model", () => {
    const machine = new TestApics(3);
    for (const [index, apic] of machine.apics.entries()) apic.write(R.logicalDestination, 1 << (24 + index));
    machine.apics[0].command(0x4841, 0b110);
    expect(takers(machine)).toEqual([1, 2]);
  });

  it("go to the members of a cluster, or of all for 0xff, in the cluster model", () => {
    const machine = new TestApics(4);
    for (const [index, apic] of machine.apics.entries()) {
      apic.write(R.destinationFormat, 0x0fffffff);
      apic.write(R.logicalDestination, (((index >> 1) << 4) | (1 << (index & 1))) << 24);
    }
    machine.apics[0].command(0x4841, 0x13);
    expect(takers(machine)).toEqual([2, 3]);
    machine.apics[0].command(0x4841, 0x01);
    expect(takers(machine)).toEqual([0]);
    machine.apics[0].command(0x4841, 0xff);
    expect(takers(machine)).toEqual([0, 1, 2, 3]);
  });

  it("of lowest priority go to one: that of the lowest processor priority", () => {
    const machine = new TestApics(3);
    for (const [index, priority] of [0x50, 0x30, 0x40].entries()) machine.apics[index].write(R.taskPriority, priority);
    machine.apics[0].command(0x4191, 0xff);
    expect(takers(machine)).toEqual([1]);
    machine.apics[1].write(R.spuriousVector, 0xff);
    machine.apics[0].command(0x4191, 0xff);
    expect(takers(machine)).toEqual([2]);
  });

  it("signal NMI, INIT and start-up; SMI and a level de-assert of INIT do nothing", () => {
    const machine = new TestApics(2);
    for (const command of [0x4400, 0xc500, 0x8500, 0x4200, 0x4699]) machine.apics[0].command(command, 1);
    expect(machine.apics[1].signals).toEqual(["nmi", "init", "startup 153"]);
  });

  it("with vectors 0 to 15 are errors of the sender, and not sent", () => {
    const machine = new TestApics(2);
    machine.apics[0].command(0x400f, 1);
    machine.apics[0].write(R.errorStatus, 0);
    expect(machine.apics[0].read(R.errorStatus)).toBe(1 << 5);
    expect(takers(machine)).toEqual([]);
  });
});
