import { describe, expect, it } from "vitest";
import { Cr4 } from "../../mmu/control-bits";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr } from "../state";
import { TestGuest } from "./test-guest";
import { ModeMachine, withCr4 } from "./test-modes";

const HLT = 0xf4;
const UD = { kind: "exception", vector: 6, errorCode: null };
const GP = { kind: "exception", vector: 13, errorCode: 0 };
const DB = { kind: "exception", vector: 1, errorCode: null };

describe("MOV to and from debug registers (SDM 2B, SDM 3B, Debug Registers)", () => {
  const toDr = (number: number) => [0x0f, 0x23, 0xc0 | (number << 3)]; // mov drN, rax
  const fromDr = (number: number) => [0x0f, 0x21, 0xc0 | (number << 3)];

  it("DR6 and DR7 have bits that are always 0 or 1, and no upper half", () => {
    const machine = new ModeMachine("64-bit");
    const { gpr } = machine.cpu;
    const through = (number: number, value: bigint) => {
      gpr[Gpr.rax] = value;
      const stop = machine.run([...toDr(number), ...fromDr(number), HLT]);
      return stop.kind === "halted" ? gpr[Gpr.rax] : stop;
    };
    expect([through(6, 0n), through(6, 0xffff_ffffn)]).toEqual([0xffff_0ff0n, 0xffff_efffn]);
    expect([through(7, 0n), through(7, 0xffff_dfffn)]).toEqual([0x400n, 0xffff_0fffn]);
    expect([through(6, 1n << 32n), through(7, 1n << 32n), through(3, 1n << 63n)]).toEqual([GP, GP, 1n << 63n]);
  });

  it("DR4 and DR5 are DR6 and DR7, until CR4.DE makes them undefined", () => {
    const machine = new ModeMachine("64-bit");
    machine.run([...fromDr(4), HLT]);
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0xffff_0ff0n);
    withCr4(machine, Cr4.DE);
    expect([machine.run(toDr(4)), machine.run(fromDr(5))]).toEqual([UD, UD]);
  });

  it("are of 32 bits outside 64-bit mode", () => {
    const machine = new ModeMachine("compatibility");
    machine.cpu.gpr[Gpr.rax] = 0x5_1234_5678n;
    machine.run([...toDr(0), HLT]);
    expect(machine.cpu.state.get64("dr", 0)).toBe(0x1234_5678n);
  });

  it("are for CPL 0, and raise #DB while DR7.GD is set", () => {
    expect(new ModeMachine("64-bit", 3).run(fromDr(0))).toEqual(GP);
    const machine = new ModeMachine("64-bit");
    machine.cpu.state.set64("dr", 0x2400n, 7);
    expect(machine.run(fromDr(0))).toEqual(DB);
  });

  it("exit before privilege and CR4.DE are looked at", () => {
    const guest = new TestGuest([
      [F.processorControls, 0x0481_e1f2n],
      [F.guestCr4, 0x2028n],
    ]);
    // mov dr5, rcx: register 1, to DR5
    expect(guest.exit([0x0f, 0x23, 0xe9])).toMatchObject({ reason: 29, qualification: 0x105n });
  });
});
