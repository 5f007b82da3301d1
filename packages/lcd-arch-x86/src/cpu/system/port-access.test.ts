import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr, Segment } from "../state";
import type { Wiring } from "../wiring";
import { TestGuest } from "./test-guest";
import { LOW_CODE, LOW_DATA, ModeMachine } from "./test-modes";

const HLT = 0xf4;
const GP = 13;
const PF = 14;
const UNCONDITIONAL_IO = 1n << 24n;

let log: string[];
beforeEach(() => {
  log = [];
});

/** Ports that count: each read gives the next number. */
const counting = (): Wiring => {
  let count = 0;
  return {
    readPort: (port, size) => {
      log.push(`in ${port.toString(16)} ${size}`);
      return ++count;
    },
    writePort: (port, size, value) => {
      log.push(`out ${port.toString(16)} ${size} ${value.toString(16)}`);
    },
    readMemory: () => {},
    writeMemory: () => {},
    nextDeadline: () => Number.POSITIVE_INFINITY,
    nmiPending: () => false,
    takeNmi: () => {},
    interruptPending: () => false,
    acknowledgeInterrupt: () => 0,
  };
};

function machineWithPorts(mode: "64-bit" | "protected" | "virtual-8086" | "real-address", cpl = 0): ModeMachine {
  const machine = new ModeMachine(mode, cpl);
  machine.cpu.wiring = counting();
  return machine;
}

const gp = { kind: "exception", vector: GP, errorCode: 0 };
const ac = { kind: "exception", vector: 17, errorCode: 0 };

describe("IN and OUT (SDM 2A, 2B)", () => {
  it("keep the rest of RAX for AL and AX, and clear the upper half for EAX", () => {
    const machine = machineWithPorts("64-bit");
    machine.cpu.gpr[Gpr.rax] = 0x1111_1111_1111_1111n;
    machine.cpu.gpr[Gpr.rdx] = 0xabcd_1234n;
    machine.run([0xe4, 0x80, 0x66, 0xed, HLT]); // in al, 80h; in ax, dx
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0x1111_1111_1111_0002n);
    machine.run([0xed, HLT]); // in eax, dx
    expect(machine.cpu.gpr[Gpr.rax]).toBe(3n);
    expect(log).toEqual(["in 80 1", "in 1234 2", "in 1234 4"]);
  });

  it("read ones where nothing is wired", () => {
    const machine = new ModeMachine("64-bit");
    machine.run([0xed, HLT]);
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0xffff_ffffn);
  });
});

describe("INS and OUTS (SDM 2A, 2B)", () => {
  it("repeat rCX times, each repetition one instruction", () => {
    const machine = machineWithPorts("64-bit");
    machine.cpu.gpr[Gpr.rdi] = LOW_DATA;
    machine.cpu.gpr[Gpr.rdx] = 0x1f0n;
    machine.cpu.gpr[Gpr.rcx] = 3n;
    machine.run([0xf3, 0x66, 0x6d, HLT]); // rep insw
    expect([...machine.machine.memory.read(__hpa(LOW_DATA), 8)]).toEqual([1, 0, 2, 0, 3, 0, 0, 0]);
    expect([machine.cpu.gpr[Gpr.rdi], machine.cpu.gpr[Gpr.rcx]]).toEqual([LOW_DATA + 6n, 0n]);
    expect(machine.cpu.retired).toBe(4);
  });

  it("do nothing for a count of 0", () => {
    const machine = machineWithPorts("64-bit");
    expect(machine.run([0xf3, 0x6c], 1)).toEqual({ kind: "limit" });
    expect([machine.cpu.rip, log]).toEqual([LOW_CODE + 2n, []]);
  });

  it("stop between two repetitions when the limit says so, and go on", () => {
    const machine = machineWithPorts("64-bit");
    machine.put(0x4433_2211n);
    machine.cpu.gpr[Gpr.rsi] = LOW_DATA;
    machine.cpu.gpr[Gpr.rcx] = 4n;
    expect(machine.run([0xf3, 0x6e, HLT], 3)).toEqual({ kind: "limit" }); // rep outsb
    expect([machine.cpu.rip, machine.cpu.gpr[Gpr.rcx]]).toEqual([LOW_CODE, 1n]);
    expect(machine.cpu.run(10)).toEqual({ kind: "halted" });
    expect(log).toEqual(["out 0 1 11", "out 0 1 22", "out 0 1 33", "out 0 1 44"]);
  });

  it("go backwards with DF, and keep the upper halves of 16-bit pointers", () => {
    const machine = machineWithPorts("real-address");
    machine.put(0x2211n);
    machine.cpu.gpr[Gpr.rsi] = 0x7777_9001n;
    machine.cpu.gpr[Gpr.rcx] = 0x5555_0002n;
    machine.run([0xfd, 0xf3, 0x6e, HLT]); // std; rep outsb
    expect(log).toEqual(["out 0 1 22", "out 0 1 11"]);
    expect([machine.cpu.gpr[Gpr.rsi], machine.cpu.gpr[Gpr.rcx]]).toEqual([0x7777_8fffn, 0x5555_0000n]);
  });

  it("take OUTS's segment from a prefix", () => {
    const machine = machineWithPorts("64-bit");
    machine.put(0x99n);
    machine.cpu.state.set64("segmentBase", LOW_DATA, Segment.fs);
    machine.cpu.addressSpaceChanged();
    machine.run([0x64, 0x6e, HLT]);
    expect(log).toEqual(["out 0 1 99"]);
  });

  it("fault before the device is asked, in the middle of a repetition, with the state of that repetition", () => {
    const machine = machineWithPorts("64-bit");
    const edge = 0x20_0000n;
    // The second MiB pair is read-only: a large page whose entry loses its writable bit.
    machine.machine.memory.writeU64(__hpa(0x3008n), 0x20_0085n);
    machine.cpu.writeControlRegister(3, 0x1000n);
    machine.cpu.gpr[Gpr.rdi] = edge - 2n;
    machine.cpu.gpr[Gpr.rcx] = 5n;
    expect(machine.run([0xf3, 0x6c, HLT])).toEqual({ kind: "exception", vector: PF, errorCode: 3 });
    expect(log).toEqual(["in 0 1", "in 0 1"]);
    expect([machine.cpu.gpr[Gpr.rdi], machine.cpu.gpr[Gpr.rcx], machine.cpu.rip]).toEqual([edge, 3n, LOW_CODE]);
    expect(machine.cpu.state.get64("cr2")).toBe(edge);
  });

  it("raise #GP(0) beyond a segment's limit outside 64-bit mode", () => {
    const machine = machineWithPorts("real-address");
    machine.cpu.gpr[Gpr.rdi] = 0xffffn;
    expect(machine.run([0x6d])).toEqual(gp); // insw over the end
    expect(log).toEqual([]);
  });

  it.each(["64-bit", "protected"] as const)(
    "have their operands aligned at CPL 3 with AM and AC (SDM 3A, #AC): %s",
    (mode) => {
      const machine = machineWithPorts(mode, 3);
      const { state, gpr } = machine.cpu;
      state.set64("cr0", state.get64("cr0") | (1n << 18n));
      machine.cpu.rflags = 0x4_3002n; // AC, IOPL 3
      machine.cpu.addressSpaceChanged();
      gpr[Gpr.rdi] = LOW_DATA + 2n;
      gpr[Gpr.rsi] = LOW_DATA + 2n;
      expect([0x6d, 0x6f].map((opcode) => machine.run([opcode]))).toEqual([ac, ac]); // insd, outsd
      expect(log).toEqual([]);
      gpr[Gpr.rsi] = LOW_DATA + 1n;
      machine.run([0x6c, 0x6e], 2); // insb, outsb
      expect(log).toHaveLength(2);
    },
  );
});

describe("I/O privilege (SDM 1, Protecting the I/O Ports)", () => {
  const TSS = 0xa000;
  const MAP = 0x70;

  /** A 32-bit TSS whose bit map denies port 13 only, up to port 23 and the byte of ones. */
  function withBitmap(machine: ModeMachine, limit = MAP + 3, rights = 0x8b): ModeMachine {
    const { memory } = machine.machine;
    memory.write(__hpa(BigInt(TSS + 0x66)), Uint8Array.of(MAP, 0));
    memory.write(__hpa(BigInt(TSS + MAP)), Uint8Array.of(0, 0x20, 0, 0xff));
    const { state } = machine.cpu;
    state.set64("segmentBase", BigInt(TSS), Segment.tr);
    state.set32("segmentLimit", limit, Segment.tr);
    state.set32("segmentRights", rights, Segment.tr);
    return machine;
  }

  const setIopl = (machine: ModeMachine, iopl: number): void => {
    const { state } = machine.cpu;
    state.set32("systemFlags", state.get32("systemFlags") | (iopl * 0x1000));
  };

  it.each(["64-bit", "protected", "virtual-8086"] as const)("in %s mode at CPL 3 the bit map decides", (mode) => {
    const access = (port: number, opcode: number): unknown =>
      withBitmap(machineWithPorts(mode, 3)).run([opcode, port], 1);
    expect(access(12, 0xe4)).toEqual({ kind: "limit" });
    expect(access(13, 0xe4)).toEqual(gp);
    expect(access(13, 0xe6)).toEqual(gp);
    // Two or four ports: all their bits count.
    expect(access(12, 0xe5)).toEqual(gp);
    expect(access(14, 0xe5)).toEqual({ kind: "limit" });
  });

  // The manual does not say; an AMD EPYC does so.
  it("it decides for INS and OUTS that are repeated 0 times, too", () => {
    const access = (port: bigint): unknown => {
      const machine = withBitmap(machineWithPorts("64-bit", 3));
      machine.cpu.gpr[Gpr.rdx] = port;
      return machine.run([0xf3, 0x6c], 1);
    };
    expect(access(12n)).toEqual({ kind: "limit" });
    expect(access(13n)).toEqual(gp);
  });

  it("two bytes of the map are always read, so the last port's byte must have one behind it", () => {
    const at = (limit: number) => withBitmap(machineWithPorts("64-bit", 3), limit).run([0xe4, 16], 1);
    expect(at(MAP + 3)).toEqual({ kind: "limit" });
    expect(at(MAP + 2)).toEqual(gp);
  });

  it("a 16-bit TSS has no bit map, and one that ends before its map base neither", () => {
    expect(withBitmap(machineWithPorts("protected", 3), MAP + 3, 0x83).run([0xe4, 0], 1)).toEqual(gp);
    expect(withBitmap(machineWithPorts("protected", 3), 0x66).run([0xe4, 0], 1)).toEqual(gp);
  });

  it("IOPL 3 gives CPL 3 every port, but nothing to virtual-8086 mode", () => {
    const protectedMode = withBitmap(machineWithPorts("protected", 3));
    setIopl(protectedMode, 3);
    expect(protectedMode.run([0xe4, 13], 1)).toEqual({ kind: "limit" });
    const virtual = withBitmap(machineWithPorts("virtual-8086", 3));
    setIopl(virtual, 3);
    expect(virtual.run([0xe4, 13], 1)).toEqual(gp);
  });

  it("real-address mode asks nobody", () => {
    expect(machineWithPorts("real-address").run([0xe4, 13], 1)).toEqual({ kind: "limit" });
  });
});

describe("VM exits of I/O instructions (SDM 3C, Exit Qualification for I/O Instructions)", () => {
  const exiting = [[F.processorControls, 0x0401_e1f2n | UNCONDITIONAL_IO]] as const;

  it.each([
    ["in al, 80h", [0xe4, 0x80], 0x0080_0048n],
    ["out dx, eax", [0xef], 0x1234_0003n],
    ["in ax, dx", [0x66, 0xed], 0x1234_0009n],
    ["insb", [0x6c], 0x1234_0018n],
    ["rep outsd", [0xf3, 0x6f], 0x1234_0033n],
  ])("%s", (_name, code, qualification) => {
    const guest = new TestGuest(exiting);
    guest.cpu.gpr[Gpr.rdx] = 0x1234n;
    guest.cpu.gpr[Gpr.rcx] = 1n;
    expect(guest.exit(code)).toMatchObject({ reason: 30, qualification, length: code.length });
  });

  it("tell the linear address, the address size and the segment of a string instruction", () => {
    const guest = new TestGuest([...exiting, [F.guestGsBase, 0x1000n]]);
    guest.cpu.gpr[Gpr.rsi] = 0xffff_ffff_0000_0010n;
    // outsb gs:[esi]: 32-bit addresses, segment 5
    expect(guest.exit([0x67, 0x65, 0x6e])).toMatchObject({
      linearAddress: 0x1010n,
      information: (1 << 7) | (5 << 15),
    });
  });

  it("do not happen for a count of 0", () => {
    expect(new TestGuest(exiting).exit([0xf3, 0x6c, 0x0f, 0x01, 0xc1]).reason).toBe(18);
  });
});
