import { beforeEach, describe, expect, it } from "vitest";
import { DATA } from "../../testing/index";
import { Gpr } from "../state";
import { CODE, LongModeSystem } from "./test-long-mode";

const HLT = 0xf4;
const NOP = 0x90;

const CR4_DE = 8n;
const DR6_FIXED = 0xffff0ff0n;

/** LEN fields of DR7 by bytes. */
const lengths = { 1: 0, 2: 1, 4: 3 } as const;

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
  system.cpu.writeControlRegister(4, system.cpu.readControlRegister(4) | CR4_DE);
  system.cpu.gpr[Gpr.rdx] = 0x1f0n;
});

/** Watches ports with a debug register: R/W is 10b. */
function watch(number: number, port: number, length: keyof typeof lengths): void {
  const { state } = system.cpu;
  const control = (1 << (number * 2)) | ((2 | (lengths[length] << 2)) << (16 + number * 4));
  state.set64("dr", BigInt(port), number);
  state.set64("dr", state.get64("dr", 7) | BigInt(control >>> 0), 7);
}

/** What has become of the instruction at CODE: B0 to B3 and where #DB has come, or null when HLT behind it was reached. */
function outcome(code: readonly number[]): { met: bigint; behind: bigint } | null {
  system.run([...code, NOP, HLT]);
  const traps = system.halted === 1;
  return traps ? { met: system.cpu.state.get64("dr", 6) & ~DR6_FIXED, behind: system.stacked(0) - CODE } : null;
}

const IN_AL_DX = [0xec];
const IN_EAX_DX = [0xed];
const OUT_DX_AL = [0xee];
const OUT_80_AX = [0x66, 0xe7, 0x80];

describe("I/O breakpoints (SDM 3B, Debug Control Register (DR7), R/W fields with CR4.DE)", () => {
  it.each([
    ["IN", IN_AL_DX],
    ["OUT", OUT_DX_AL],
  ])("%s of the port raises #DB behind the instruction", (_name, code) => {
    watch(2, 0x1f0, 1);
    expect(outcome(code)).toEqual({ met: 4n, behind: 1n });
  });

  it("are met by an access to a port that is in DX or in the instruction", () => {
    watch(0, 0x81, 1);
    expect(outcome(OUT_80_AX)).toEqual({ met: 1n, behind: 3n });
  });

  it("cover LEN ports from an aligned one on, and need one in common with the access", () => {
    const met = (port: number, length: 1 | 2 | 4, code: readonly number[]) => {
      system.cpu.state.set64("dr", 0x400n, 7);
      watch(0, port, length);
      return outcome(code) !== null;
    };
    expect([met(0x1ec, 4, IN_AL_DX), met(0x1f1, 1, IN_AL_DX), met(0x1f4, 4, IN_EAX_DX)]).toEqual([false, false, false]);
    expect([met(0x1f3, 4, IN_AL_DX), met(0x1f1, 2, IN_AL_DX), met(0x1f3, 1, IN_EAX_DX)]).toEqual([true, true, true]);
  });

  it("tell of all that were met", () => {
    watch(0, 0x1f0, 4);
    watch(1, 0x1f2, 1);
    watch(3, 0x1f3, 1);
    system.cpu.gpr[Gpr.rdx] = 0x1f2n;
    expect(outcome(IN_AL_DX)).toEqual({ met: 3n, behind: 1n });
  });

  it("come behind each repetition of INS and OUTS", () => {
    watch(0, 0x1f0, 2);
    system.cpu.gpr[Gpr.rdi] = DATA;
    system.cpu.gpr[Gpr.rcx] = 3n;
    expect(outcome([0xf3, 0x6c])).toEqual({ met: 1n, behind: 0n });
    expect([system.cpu.gpr[Gpr.rcx], system.cpu.gpr[Gpr.rdi]]).toEqual([2n, DATA + 1n]);
    system.cpu.gpr[Gpr.rsi] = DATA;
    expect(outcome([0x6e])).toEqual({ met: 1n, behind: 1n });
  });

  it("are not met by memory at the same address, and an address above FFFFH is no port", () => {
    system.cpu.gpr[Gpr.rdx] = DATA;
    watch(0, Number(DATA), 1);
    // mov al, [rdx]
    expect(outcome([0x8a, 0x02])).toBeNull();
    watch(1, 0x1_01f0, 1);
    system.cpu.gpr[Gpr.rdx] = 0x1_01f0n;
    expect(outcome(IN_AL_DX)).toBeNull();
  });

  it("are undefined without CR4.DE: nothing is met", () => {
    system.cpu.writeControlRegister(4, system.cpu.readControlRegister(4) & ~CR4_DE);
    watch(0, 0x1f0, 1);
    expect(outcome(IN_AL_DX)).toBeNull();
  });
});
