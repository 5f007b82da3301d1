import { describe, expect, it } from "vitest";
import { Gpr } from "../../cpu/state";
import { booted, handle, initializePics, outBytes, SPIN, STI_HLT, store } from "./test-kernel";

/** mov edx, 0x3f8 */
const COM1 = [0xba, 0xf8, 3, 0, 0];
/** add edx, 5; wait: in al, dx; test al, 1; jz wait; sub edx, 5; in al, dx; out dx, al; jmp to the start of it */
const ECHO = [0x83, 0xc2, 5, 0xec, 0xa8, 1, 0x74, 0xfb, 0x83, 0xea, 5, 0xec, 0xee, 0xeb, 0xf1];

describe("a computer", () => {
  it("runs exactly as many instructions as it is given fuel for, on all processors together, and goes on", async () => {
    const { computer } = booted(SPIN, 3);
    expect(await computer.run({ fuel: 12_345 })).toEqual({ kind: "fuel" });
    expect(computer.executed).toBe(12_345);
    expect(computer.runFor(7)).toBeNull();
    expect(computer.executed).toBe(12_352);
    await expect(computer.run({ fuel: 0 })).rejects.toThrow(/positive number/);
    expect(() => computer.runFor(-1)).toThrow(/from 0 on, not -1/);
    expect(() => computer.runFor(Number.NaN)).toThrow(/from 0 on, not NaN/);
  });

  it("lets others run, however short its own runs are, and stops when its signal is aborted", async () => {
    const { computer } = booted(SPIN);
    const signal = AbortSignal.timeout(50);
    let result = await computer.run({ fuel: 1_000_000, signal });
    while (result.kind === "fuel") result = await computer.run({ fuel: 1_000_000, signal });
    expect(result).toEqual({ kind: "aborted" });
  });

  it("hands over what is typed on its serial port", async () => {
    const { computer, printed } = booted([...COM1, ...ECHO]);
    computer.receiveSerial(new TextEncoder().encode("hel"));
    computer.receiveSerial(new TextEncoder().encode("lo"));
    expect(computer.unreadSerial).toBe(5);
    await computer.run({ fuel: 1000 });
    expect(printed()).toBe("hello");
    expect(computer.unreadSerial).toBe(0);
  });

  it("waits for input while it is expected, and is halted for good when it is not", async () => {
    // COM1 interrupts (IER bit 0) through IRQ 4, vector 0x24 after the 8259 is told so; the handler echoes.
    const program = [
      ...[
        0xb0, 0x11, 0xe6, 0x20, 0xb0, 0x20, 0xe6, 0x21, 0xb0, 4, 0xe6, 0x21, 0xb0, 1, 0xe6, 0x21, 0xb0, 0xef, 0xe6,
        0x21,
      ],
      // mov edx, 0x3f9; mov al, 1; out dx, al; add edx, 3; mov al, 8; out dx, al
      ...[0xba, 0xf9, 3, 0, 0, 0xb0, 1, 0xee, 0x83, 0xc2, 3, 0xb0, 8, 0xee],
      // sti; hlt; cli; mov edx, 0x3f8; in al, dx; out dx, al; hlt
      ...[0xfb, 0xf4, 0xfa, ...COM1, 0xec, 0xee, 0xf4],
    ];
    const { computer, printed } = booted(program);
    computer.expectInput(true);
    setTimeout(() => computer.receiveSerial(Uint8Array.of(0x58)), 30);
    // There is no IDT: the interrupt of the key ends in a shutdown, and that is how the test knows that it was taken.
    expect(await computer.run({ fuel: 100_000 })).toMatchObject({ kind: "shutdown" });
    expect(printed()).toBe("");

    const alone = booted(program).computer;
    expect(await alone.run()).toEqual({ kind: "halted" });
  });

  it("goes on from timer to timer without delay while it is halted", () => {
    // The 8254 at 18.2 Hz, as firmware leaves it, its interrupt masked at the 8259; sti; hlt: an hour of its time passes,
    // then it gives up.
    const { computer } = booted([...outBytes(0x21, 0xff), ...STI_HLT]);
    expect(computer.runFor(1000)).toEqual({ kind: "halted" });
    expect(computer.executed).toBe(4);
  });

  it("gives up soon when a timer ticks each microsecond without interrupting anybody", () => {
    // The APIC timer: divided by 1, periodic and masked, from 1 on.
    const timer = [...store(0xfee0_03e0, 0xb), ...store(0xfee0_0320, 0x3_0030), ...store(0xfee0_0380, 1)];
    const { computer } = booted([...outBytes(0x21, 0xff), ...timer, ...STI_HLT]);
    expect(computer.runFor(1000)).toEqual({ kind: "halted" });
    expect(computer.executed).toBe(7);
  });

  it("has a timer that ticks 18.2 times a second before anybody has programmed it", () => {
    // IRQ 0 only, at vector 0x20; two ticks, and their distance is 65536 periods of 1,193,182 Hz.
    const { computer } = booted([
      ...initializePics(0xfe, 0xff),
      ...STI_HLT,
      ...[0x0f, 0x31, 0x89, 0xc3],
      ...STI_HLT,
      ...[0x0f, 0x31, 0x29, 0xd8, 0xfa, 0xf4],
    ]);
    handle(computer, 0x20, [0x50, ...outBytes(0x20, 0x20), 0x58, 0xcf]);
    expect(computer.runFor(1000)).toEqual({ kind: "halted" });
    const distance = Number(computer.machine.processors[0].gpr[Gpr.rax]);
    expect(Math.abs(distance - 54_925_401)).toBeLessThan(1000);
  });

  it.each([0xf4, 0x501])("ends when 0x10 is written to the debug exit device at port 0x%s", (port) => {
    // mov dx, port; mov al, 0x10; out dx, al
    const { computer } = booted([0x66, 0xba, port & 0xff, port >> 8, 0xb0, 0x10, 0xee, ...SPIN]);
    expect(computer.runFor(1000)).toEqual({ kind: "exit", code: 0x21 });
  });

  it("does not run from what it calls, nor boot when it has ended", () => {
    const attempts: unknown[] = [];
    // out dx, al; cli; hlt
    const { computer } = booted([...COM1, 0xee, 0xfa, 0xf4], 1, () => {
      try {
        computer.runFor(1);
      } catch (error) {
        attempts.push(error);
      }
    });
    expect(computer.runFor(1000)).toEqual({ kind: "halted" });
    expect(attempts).toEqual([expect.objectContaining({ code: "EBUSY" })]);
    expect(() => computer.boot(new Uint8Array())).toThrow(/has ended/);
  });

  it("describes its processors", () => {
    const { computer } = booted(SPIN, 2);
    computer.runFor(10);
    expect(computer.describe()).toMatch(/^processor 0\nrip 0{10}100020 {2}rflags 00000002 {2}cpl 0\n/);
    // A processor that waits for its start-up IPI is in the state after INIT: CS:RIP is F000:FFF0, base FFFF0000.
    expect(computer.describe()).toMatch(/processor 1\nrip 0{12}fff0 .*\n(?:.*\n)*cs {3}f000 {2}base 0{8}ffff0000/);
  });

  it("resets when its processor sends INIT to itself", () => {
    // mov eax, 0xfee00300; mov dword [eax], 0x4500: INIT, assert, to APIC 0
    const { computer } = booted([0xb8, 0x00, 0x03, 0xe0, 0xfe, 0xc7, 0x00, 0x00, 0x45, 0x00, 0x00, ...SPIN]);
    expect(computer.runFor(1000)).toEqual({ kind: "reset" });
  });
});
