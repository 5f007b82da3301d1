import { beforeEach, describe, expect, it } from "vitest";
import { DATA } from "../../testing/index";
import { Gpr, Rflags } from "../state";
import type { Wiring } from "../wiring";
import { CODE, LongModeSystem } from "./test-long-mode";

// SDM 3B, "Instruction-Breakpoint Exception Condition", on RF: "For any interrupt arriving after any iteration of a repeated
// string instruction but the last iteration, the value pushed for RF is 1." The same for traps; a fault always pushes 1.

const HLT = 0xf4;
const NOP = 0x90;
const INT3 = 0xcc;
const REP_STOSB = [0xf3, 0xaa];
const REPE_SCASB = [0xf3, 0xae];
const REP_LODSQ = [0xf3, 0x48, 0xad];
const REP_INSB = [0xf3, 0x6c];
const REP_OUTSB = [0xf3, 0x6e];
const REPETITIONS = 4;
const VECTOR = 0x40;
const NMI = 2;
const DEBUG = 1;
const RFLAGS = 2;
const NEVER = Number.POSITIVE_INFINITY;

/** An interrupt or NMI that arrives when so many instructions have retired. */
class Arrival implements Wiring {
  private taken = false;

  constructor(
    private readonly system: LongModeSystem,
    private readonly at: number,
    private readonly nmi: boolean,
  ) {}

  readPort = (): number => 0;
  writePort = (): void => {};
  readMemory = (): void => {};
  writeMemory = (): void => {};
  nextDeadline = (): number => (this.taken || this.isThere() ? NEVER : this.at);
  nmiPending = (): boolean => this.nmi && this.isThere();
  interruptPending = (): boolean => !this.nmi && this.isThere();
  takeNmi = (): void => {
    this.taken = true;
  };
  acknowledgeInterrupt = (): number => {
    this.taken = true;
    return VECTOR;
  };

  private isThere = (): boolean => !this.taken && this.system.cpu.retired >= this.at;
}

/** How code runs: interpreted, compiled, compiled as hot code is. */
const tiers = [
  ["interpreted", { coldThreshold: 1e9, hotThreshold: 1e9 }],
  ["compiled", { coldThreshold: 0, hotThreshold: 1e9 }],
  ["hot", { hotThreshold: 0 }],
] as const;

let system: LongModeSystem;

function start(options: ConstructorParameters<typeof LongModeSystem>[0], flags = 0): void {
  system = new LongModeSystem(options);
  const { cpu } = system;
  cpu.gpr[Gpr.rax] = 0n;
  cpu.gpr[Gpr.rcx] = BigInt(REPETITIONS);
  cpu.gpr[Gpr.rsi] = DATA;
  cpu.gpr[Gpr.rdi] = DATA;
  cpu.eflags = Rflags.fixed | Rflags.IF | flags;
}

/** A run ends at the deadline of a device, and is gone on with. */
function runOn(): void {
  if (system.cpu.run(100).kind === "limit") {
    system.cpu.run(100);
  }
}

const pushedRf = (): boolean => (system.stacked(RFLAGS) & BigInt(Rflags.RF)) !== 0n;

describe.each(tiers)("in %s code, a repeated string instruction", (_tier, options) => {
  beforeEach(() => start(options));

  describe.each([
    ["STOSB", REP_STOSB],
    ["SCASB", REPE_SCASB],
    ["LODSQ", REP_LODSQ],
    ["INSB", REP_INSB],
    ["OUTSB", REP_OUTSB],
  ])("%s", (_name, code) => {
    it.each([
      ["an interrupt", VECTOR, false],
      ["an NMI", NMI, true],
    ])("has RF pushed by %s behind each repetition but the last", (_what, vector, nmi) => {
      for (let done = 0; done <= REPETITIONS; done++) {
        start(options);
        system.cpu.wiring = new Arrival(system, 1 + done, nmi);
        system.load([NOP, ...code, HLT]);
        runOn();
        expect(system.halted).toBe(vector);
        expect([system.cpu.gpr[Gpr.rcx], pushedRf()]).toEqual([
          BigInt(REPETITIONS - done),
          done > 0 && done < REPETITIONS,
        ]);
      }
    });
  });

  it("goes on behind the handler, with RF, and leaves none behind it", () => {
    // inc ebx; iretq
    system.handle(VECTOR, [0xff, 0xc3, 0x48, 0xcf]);
    system.cpu.gpr[Gpr.rbx] = 0n;
    system.cpu.wiring = new Arrival(system, 2, false);
    system.load([...REP_STOSB, HLT]);
    runOn();
    expect([system.cpu.gpr[Gpr.rcx], system.cpu.gpr[Gpr.rbx]]).toEqual([0n, 1n]);
    expect(system.cpu.eflags & Rflags.RF).toBe(0);
  });

  it("has no RF of its own when it was not interrupted between repetitions", () => {
    system.run([...REP_STOSB, HLT]);
    expect(system.cpu.eflags & Rflags.RF).toBe(0);
  });
});

describe("debug exceptions of a repeated string instruction", () => {
  const dr = (number: number): bigint => system.cpu.state.get64("dr", number);

  it("single steps push RF behind each repetition but the last", () => {
    start({}, Rflags.TF);
    // Counts in EBX how often RF was pushed: bt dword [rsp+16], 16; adc ebx, 0; iretq
    system.handle(DEBUG, [0x0f, 0xba, 0x64, 0x24, 16, 16, 0x83, 0xd3, 0, 0x48, 0xcf]);
    system.cpu.gpr[Gpr.rbx] = 0n;
    system.run([...REP_STOSB, INT3]);
    expect([system.cpu.gpr[Gpr.rcx], system.cpu.gpr[Gpr.rbx]]).toEqual([0n, BigInt(REPETITIONS - 1)]);
  });

  it("an instruction breakpoint is met once, not for each repetition", () => {
    start({});
    // inc ebx; or byte [rsp+18], 1, which is RF; iretq
    system.handle(DEBUG, [0xff, 0xc3, 0x80, 0x4c, 0x24, 18, 1, 0x48, 0xcf]);
    system.cpu.gpr[Gpr.rbx] = 0n;
    system.cpu.state.set64("dr", CODE, 0);
    system.cpu.state.set64("dr", 0x401n, 7);
    system.run([...REP_STOSB, HLT]);
    expect([system.cpu.gpr[Gpr.rcx], system.cpu.gpr[Gpr.rbx], dr(6) & 0xfn]).toEqual([0n, 1n, 1n]);
  });
});
