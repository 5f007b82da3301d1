import { describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { BareMachine, CODE, DATA, STACK_TOP } from "../testing/index";
import { Gpr, Rflags } from "./state";
import type { Wiring } from "./wiring";

const HLT = 0xf4;
/** RAM of a BareMachine ends here, and the page tables go on: 4 MiB. */
const OUTSIDE = 0x40_0000;
const HANDLER = 0x18_0000n;
const IDT = 0x2000_0n;

/** Records what reaches it; reads give the low bytes of the time, in instructions. */
class Recorder implements Wiring {
  readonly log: string[] = [];
  deadline = Number.POSITIVE_INFINITY;
  nmi = false;
  vectors: number[] = [];

  constructor(readonly bare: BareMachine) {
    bare.cpu.wiring = this;
  }

  private get time(): number {
    return this.bare.cpu.retired + this.bare.cpu.timeElsewhere;
  }

  readPort(port: number, size: number): number {
    this.log.push(`${this.time}: in ${port.toString(16)} ${size}`);
    return 0x11223344 & (2 ** (size * 8) - 1);
  }
  writePort(port: number, size: number, value: number): void {
    this.log.push(`${this.time}: out ${port.toString(16)} ${size} ${value.toString(16)}`);
  }
  readMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    this.log.push(`${this.time}: read ${(hpa - OUTSIDE).toString(16)} ${length}`);
    bytes.fill(0x5a, at, at + length);
  }
  writeMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    const value = [...bytes.subarray(at, at + length)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.log.push(`${this.time}: write ${(hpa - OUTSIDE).toString(16)} ${value}`);
  }
  nextDeadline(): number {
    return this.deadline;
  }
  nmiPending(): boolean {
    return this.nmi;
  }
  takeNmi(): void {
    this.nmi = false;
  }
  interruptPending(): boolean {
    return this.vectors.length > 0;
  }
  acknowledgeInterrupt(): number {
    return this.vectors.shift() ?? 0;
  }
}

function wired(): { bare: BareMachine; wiring: Recorder } {
  const bare = new BareMachine();
  bare.cpu.gpr[Gpr.rbx] = BigInt(OUTSIDE);
  bare.cpu.gpr[Gpr.rsi] = DATA;
  return { bare, wiring: new Recorder(bare) };
}

/** Every vector's gate leads to HANDLER, which counts in R15 and halts; CS is what a BareMachine has, selector 0x10. */
function withHandlers(bare: BareMachine, gateType = 0x8e): void {
  const { memory } = bare.machine;
  const { state } = bare.cpu;
  const GDT = 0x3_0000n;
  memory.writeU64(__hpa(GDT + 0x10n), 0x00209b0000000000n);
  state.set64("gdtrBase", GDT);
  state.set32("gdtrLimit", 0x1f);
  for (let vector = 0n; vector < 256n; vector++) {
    const low = (HANDLER & 0xffffn) | (0x10n << 16n) | (BigInt(gateType) << 40n) | ((HANDLER >> 16n) << 48n);
    memory.writeU64(__hpa(IDT + vector * 16n), low);
  }
  state.set64("idtrBase", IDT);
  state.set32("idtrLimit", 0xfff);
  // inc r15; hlt
  memory.write(__hpa(HANDLER), Uint8Array.of(0x49, 0xff, 0xc7, HLT));
  bare.cpu.deliversExceptions = true;
}

describe("accesses outside RAM", () => {
  it("reach what the processor is wired to once, when it is known what time it is", () => {
    const { bare, wiring } = wired();
    // nop; mov eax, [rbx]; mov [rbx+8], ax; nop; mov [rbx+16], rsi; hlt
    bare.run([0x90, 0x8b, 0x03, 0x66, 0x89, 0x43, 8, 0x90, 0x48, 0x89, 0x73, 16, HLT]);
    expect(wiring.log).toEqual(["1: read 0 4", "2: write 8 5a5a", "4: write 10 0000300000000000"]);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x5a5a5a5an);
    expect(bare.cpu.retired).toBe(6);
  });

  it("read and write when an instruction does both", () => {
    const { bare, wiring } = wired();
    // inc byte [rbx]; hlt
    bare.run([0xfe, 0x03, HLT]);
    expect(wiring.log).toEqual(["0: read 0 1", "0: write 0 5b"]);
  });

  it("are done piece by piece where RAM and a device meet", () => {
    const { bare, wiring } = wired();
    bare.machine.memory.writeU32(__hpa(OUTSIDE - 4), 0x01020304);
    // mov rax, [rbx-2]; mov [rbx-4], rsi; hlt
    bare.run([0x48, 0x8b, 0x43, 0xfe, 0x48, 0x89, 0x73, 0xfc, HLT]);
    expect(wiring.log).toEqual(["0: read 0 6", "1: write 0 00000000"]);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x5a5a5a5a5a5a0102n);
    expect(bare.machine.memory.readU32(__hpa(OUTSIDE - 4))).toBe(Number(DATA));
  });

  it("count as one instruction for each repetition of a string instruction", () => {
    const { bare, wiring } = wired();
    bare.cpu.gpr[Gpr.rcx] = 3n;
    bare.cpu.gpr[Gpr.rdi] = BigInt(OUTSIDE);
    // rep movsb; hlt
    bare.run([0xf3, 0xa4, HLT]);
    expect(wiring.log).toEqual(["0: write 0 00", "1: write 1 00", "2: write 2 00"]);
  });

  it("do not happen when the other page of the access faults", () => {
    const { bare, wiring } = wired();
    // The page behind the first of the device is not present: its entry in the page directory maps 2 MiB.
    bare.machine.memory.writeU64(__hpa(0x3000n + 3n * 8n), 0n);
    // mov [rbx+0x1ffffe], eax; hlt
    expect(bare.run([0x89, 0x83, 0xfe, 0xff, 0x1f, 0, HLT])).toMatchObject({ kind: "exception", vector: 14 });
    expect(wiring.log).toEqual([]);
  });

  it("give ones, and are lost, where nothing is wired", () => {
    const bare = new BareMachine();
    bare.cpu.gpr[Gpr.rbx] = BigInt(OUTSIDE);
    // mov [rbx], rbx; mov rax, [rbx]; hlt
    bare.run([0x48, 0x89, 0x1b, 0x48, 0x8b, 0x03, HLT]);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(2n ** 64n - 1n);
  });
});

describe("IN and OUT", () => {
  it("reach the ports with their size; a 32-bit IN clears the upper half of RAX, the others keep the rest", () => {
    const { bare, wiring } = wired();
    bare.cpu.gpr[Gpr.rdx] = 0x3f8n;
    bare.cpu.gpr[Gpr.rax] = 0xffffffff_ffffffffn;
    // in al, dx; out 0x80, al; in ax, dx; in eax, dx; out dx, eax; hlt
    bare.run([0xec, 0xe6, 0x80, 0x66, 0xed, 0xed, 0xef, HLT]);
    expect(wiring.log).toEqual([
      "0: in 3f8 1",
      "1: out 80 1 44",
      "2: in 3f8 2",
      "3: in 3f8 4",
      "4: out 3f8 4 11223344",
    ]);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0x11223344n);
  });
});

describe("interrupts from outside", () => {
  /** Runs nops until something comes; gives the RIP that the handler has to return to, or null when it was not reached. */
  function interrupted(prepare: (bare: BareMachine, wiring: Recorder) => readonly number[]): bigint | null {
    const { bare, wiring } = wired();
    withHandlers(bare);
    bare.run(prepare(bare, wiring), 100);
    return bare.cpu.gpr[Gpr.r15] === 0n ? null : bare.machine.memory.readU64(__hpa(bare.cpu.gpr[Gpr.rsp])) - CODE;
  }
  const nops = Array(50).fill(0x90);

  it("wait for RFLAGS.IF, and for the instruction behind STI", () => {
    const code = (bare: BareMachine, wiring: Recorder) => {
      wiring.vectors.push(0x40);
      bare.cpu.rflags = 2n;
      return [0x90, 0xfb, ...nops, HLT];
    };
    // nop; sti; nop: taken at 3.
    expect(interrupted(code)).toBe(3n);
    const without = interrupted((bare, wiring) => {
      wiring.vectors.push(0x40);
      bare.cpu.rflags = 2n;
      return [...nops, HLT];
    });
    expect(without).toBeNull();
  });

  it("are taken at once when interrupts are on, and by popf", () => {
    const at = interrupted((bare, wiring) => {
      wiring.vectors.push(0x40);
      bare.cpu.rflags = BigInt(Rflags.IF | 2);
      return [...nops, HLT];
    });
    expect(at).toBe(0n);
    const popped = interrupted((bare, wiring) => {
      wiring.vectors.push(0x40);
      bare.cpu.rflags = 2n;
      // push 0x202; popf
      return [0x68, 2, 2, 0, 0, 0x9d, ...nops, HLT];
    });
    expect(popped).toBe(6n);
  });

  it("are taken behind the OUT, or the store to a device, that has caused them", () => {
    const by = (code: number[], hook: "writePort" | "writeMemory") =>
      interrupted((bare, wiring) => {
        bare.cpu.rflags = BigInt(Rflags.IF | 2);
        wiring[hook] = () => void wiring.vectors.push(0x40);
        return [0x90, ...code, ...nops, HLT];
      });
    expect(by([0xe6, 0x80], "writePort")).toBe(3n);
    expect(by([0x89, 0x03], "writeMemory")).toBe(3n);
  });

  it("give way to a non-maskable one, which needs no RFLAGS.IF", () => {
    const { bare, wiring } = wired();
    withHandlers(bare);
    bare.cpu.rflags = 2n;
    wiring.nmi = true;
    wiring.vectors.push(0x40);
    bare.run([...nops, HLT], 100);
    expect([bare.cpu.gpr[Gpr.r15], wiring.nmi, wiring.vectors]).toEqual([1n, false, [0x40]]);
    // Another one waits until IRET.
    wiring.nmi = true;
    bare.machine.memory.write(__hpa(HANDLER + 4n), Uint8Array.of(0x90, 0x90, HLT));
    bare.cpu.run(100);
    expect([bare.cpu.gpr[Gpr.r15], wiring.nmi]).toEqual([1n, true]);
  });
});

describe("a device's deadline", () => {
  it("ends the run exactly then", () => {
    const { bare, wiring } = wired();
    // jmp $
    bare.load([0xeb, 0xfe]);
    bare.cpu.timeElsewhere = 1000;
    wiring.deadline = 1777;
    expect(bare.cpu.run(10_000)).toEqual({ kind: "limit" });
    expect(bare.cpu.retired).toBe(777);
  });

  it("may be moved nearer by the instruction that is being executed", () => {
    const { bare, wiring } = wired();
    wiring.writePort = () => {
      wiring.deadline = 13;
    };
    // out 0x80, al; jmp $
    bare.load([0xe6, 0x80, 0xeb, 0xfe]);
    expect(bare.cpu.run(10_000)).toEqual({ kind: "limit" });
    expect(bare.cpu.retired).toBe(13);
    expect(bare.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP);
  });
});
