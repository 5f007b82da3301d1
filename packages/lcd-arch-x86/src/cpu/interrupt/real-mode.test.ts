import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { BareMachine } from "../../testing/index";
import { setSegment } from "../segmentation/registers";
import { Rflags, Segment } from "../state";

const HLT = 0xf4;

/** Code at 1000:0000, stack at 2000:8000. Handlers are at F000:(vector * 16) and halt. */
const CS = 0x1000;
const SS = 0x2000;
const SP = 0x8000;
const HANDLERS = 0xf000;

class RealModeSystem extends BareMachine {
  constructor() {
    super();
    const { cpu } = this;
    const { state } = cpu;
    cpu.deliversExceptions = true;
    state.set64("cr0", 0x10n);
    state.set64("cr4", 0n);
    state.set64("efer", 0n);
    state.set64("idtrBase", 0n);
    state.set32("idtrLimit", 0x3ff);
    setSegment(state, Segment.cs, CS, CS << 4, 0xffff, 0x9b);
    setSegment(state, Segment.ss, SS, SS << 4, 0xffff, 0x93);
    for (const segment of [Segment.ds, Segment.es, Segment.fs, Segment.gs]) {
      setSegment(state, segment, 0, 0, 0xffff, 0x93);
    }
    for (let vector = 0; vector < 256; vector++) {
      this.write16(vector * 4, vector * 16);
      this.write16(vector * 4 + 2, HANDLERS);
      this.machine.memory.writeU8(__hpa(HANDLERS * 16 + vector * 16), HLT);
    }
    cpu.tlb.flushPcids("all");
    cpu.addressSpaceChanged();
  }

  write16(at: number, value: number): void {
    this.machine.memory.write(__hpa(at), Uint8Array.of(value & 0xff, value >> 8));
  }

  read16(at: number): number {
    return this.machine.memory.readU32(__hpa(at)) & 0xffff;
  }

  /** Word `index` from the stack pointer. */
  stacked(index: number): number {
    return this.read16(SS * 16 + this.cpu.state.low("gpr", 4) + index * 2);
  }

  start(code: readonly number[], limit = 100) {
    this.machine.memory.write(__hpa(CS * 16), Uint8Array.from(code));
    this.cpu.rip = 0n;
    this.cpu.gpr[4] = BigInt(SP);
    return this.cpu.run(limit);
  }

  get halted(): number {
    return this.cpu.state.get32("segmentSelector", Segment.cs) === HANDLERS ? Number(this.cpu.rip) >> 4 : -1;
  }
}

let system: RealModeSystem;
beforeEach(() => {
  system = new RealModeSystem();
});

describe("interrupts in real-address mode (SDM 3B, Interrupt and Exception Handling)", () => {
  it("push FLAGS, CS and IP as words and clear IF and TF", () => {
    system.cpu.eflags = Rflags.IF | Rflags.CF | Rflags.fixed;
    system.start([0x90, 0xcd, 0x21]);
    expect(system.halted).toBe(0x21);
    expect([0, 1, 2].map((at) => system.stacked(at))).toEqual([3, CS, Rflags.IF | Rflags.CF | Rflags.fixed]);
    expect(system.cpu.gpr[4]).toBe(BigInt(SP - 6));
    expect(system.cpu.eflags).toBe(Rflags.CF | Rflags.fixed);
    expect(system.cpu.state.low("segmentBase", Segment.cs)).toBe(HANDLERS * 16);
  });

  it("push no error code: #GP of an access beyond the segment", () => {
    // mov ax, [0xffff]
    system.start([0xa1, 0xff, 0xff]);
    expect(system.halted).toBe(13);
    expect([0, 1].map((at) => system.stacked(at))).toEqual([0, CS]);
  });

  it("raise #SS without room for three words, and then have written none (SDM 2A, INT n): a shutdown, as no handler has room", () => {
    system.write16(SS * 16 + 1, 0x1234);
    // mov sp, 3; int 21h
    expect(system.start([0xbc, 3, 0, 0xcd, 0x21])).toEqual({ kind: "shutdown" });
    expect(system.read16(SS * 16 + 1)).toBe(0x1234);
  });

  it("beyond the limit of the IDT raise #GP, and the shutdown that follows from that", () => {
    system.cpu.state.set32("idtrLimit", 0x21 * 4 + 2);
    system.start([0xcd, 0x21]);
    expect(system.halted).toBe(13);
    system = new RealModeSystem();
    system.cpu.state.set32("idtrLimit", 0);
    expect(system.start([0xcd, 0x21])).toEqual({ kind: "shutdown" });
  });

  it("IRET goes back, with all flags", () => {
    // handler of 0x21: iret
    system.machine.memory.writeU8(__hpa(HANDLERS * 16 + 0x210), 0xcf);
    system.cpu.eflags = Rflags.IF | Rflags.IOPL | Rflags.CF | Rflags.fixed;
    expect(system.start([0xcd, 0x21, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.rip).toBe(3n);
    expect(system.cpu.gpr[4]).toBe(BigInt(SP));
    expect(system.cpu.eflags).toBe(Rflags.IF | Rflags.IOPL | Rflags.CF | Rflags.fixed);
  });
});

describe("far transfers in real-address mode", () => {
  it("JMP, CALL and RET load CS with 16 times the selector as its base", () => {
    // at 3000:0010: mov al, 5; retf
    system.machine.memory.write(__hpa(0x3_0010), Uint8Array.of(0xb0, 5, 0xcb));
    // call 3000:0010; hlt
    expect(system.start([0x9a, 0x10, 0, 0, 0x30, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.rip).toBe(6n);
    expect(system.cpu.gpr[0] & 0xffn).toBe(5n);
    // jmp 3000:0020
    system.machine.memory.write(__hpa(0x3_0020), Uint8Array.of(HLT));
    system.start([0xea, 0x20, 0, 0, 0x30]);
    expect([system.cpu.rip, system.cpu.state.get32("segmentSelector", Segment.cs)]).toEqual([0x21n, 0x3000]);
  });

  it("beyond 64 KiB raise #GP", () => {
    // jmp dword 3000:00010000
    system.start([0x66, 0xea, 0, 0, 1, 0, 0, 0x30]);
    expect(system.halted).toBe(13);
  });

  it("a CALL looks whether there is room on the stack first (SDM 2A, CALL)", () => {
    // mov sp, 2; call dword 3000:00010000
    system.start([0xbc, 2, 0, 0x66, 0x9a, 0, 0, 1, 0, 0, 0x30]);
    expect(system.halted).toBe(12);
  });

  it("LES and PUSH and POP of segment registers", () => {
    system.write16(0x400, 0x1234);
    system.write16(0x402, 0x5678);
    // les bx, [0x400]; push es; pop ds; mov ax, ds; hlt
    system.start([0xc4, 0x1e, 0, 4, 0x06, 0x1f, 0x8c, 0xd8, HLT]);
    expect(system.cpu.gpr[3]).toBe(0x1234n);
    expect(system.cpu.gpr[0]).toBe(0x5678n);
    expect(system.cpu.state.low("segmentBase", Segment.ds)).toBe(0x56780);
  });
});
