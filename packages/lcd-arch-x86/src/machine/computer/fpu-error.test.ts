import { describe, expect, it } from "vitest";
import { Gpr, Rflags } from "../../cpu/state";
import type { Computer } from "./computer";
import { booted, handle, initializePics, KERNEL_CODE, u32 } from "./test-kernel";

/** The second 8259's vectors begin at 28H here: interrupt request 13 has 2DH. */
const FPU_VECTOR = 0x2d;

const HLT = 0xf4;
const STI = 0xfb;
const FWAIT = 0x9b;
const FNCLEX = [0xdb, 0xe2];
const FNINIT = [0xdb, 0xe3];
const FLD1 = [0xd9, 0xe8];
/** fld1; fldz; fdivp: an error, since division by zero is not masked. */
const DIVIDE_BY_ZERO = [...FLD1, 0xd9, 0xee, 0xde, 0xf9];
/** push 37bh; fldcw [esp]; pop eax: all is masked but division by zero. */
const UNMASK = [0x68, 0x7b, 3, 0, 0, 0xd9, 0x2c, 0x24, 0x58];
const OUT_F0 = [0xe6, 0xf0];
/** mov al, 20h; out 0a0h, al; out 20h, al; iret */
const END_OF_INTERRUPT = [0xb0, 0x20, 0xe6, 0xa0, 0xe6, 0x20, 0xcf];
const COUNT = [0x43]; // inc ebx

/** All masked but requests 2 and 13. */
const PICS = initializePics(0xfb, 0xdf);

/** Runs a program with CR0.NE clear and this handler of interrupt request 13. */
function run(program: readonly number[], handler: readonly number[] = []): Computer {
  const { computer } = booted([...PICS, ...FNINIT, ...UNMASK, ...program, HLT]);
  handle(computer, FPU_VECTOR, [...handler, ...END_OF_INTERRUPT]);
  computer.machine.processors[0].gpr[Gpr.rbx] = 0n;
  expect(computer.runFor(100_000)).toEqual({ kind: "halted" });
  return computer;
}

const errors = (computer: Computer): bigint => computer.machine.processors[0].gpr[Gpr.rbx];
const rip = (computer: Computer): number => Number(computer.machine.processors[0].rip);
/** Where a program's instruction is that so many of its bytes are before. */
const behind = (...parts: readonly number[][]): number =>
  KERNEL_CODE + PICS.length + FNINIT.length + UNMASK.length + parts.flat().length;

describe("x87 errors with CR0.NE = 0 (SDM 1, MS-DOS Compatibility Sub-mode)", () => {
  it("request interrupt 13 at the next instruction that waits, which runs when the handler is through", () => {
    const program = [STI, ...DIVIDE_BY_ZERO, FWAIT];
    expect(errors(run(program, [...COUNT, ...FNCLEX, ...OUT_F0]))).toBe(1n);
    // Not where the error is, nor at instructions that do not wait: fnstsw ax.
    expect(errors(run([STI, ...DIVIDE_BY_ZERO, 0xdf, 0xe0], COUNT))).toBe(0n);
  });

  it("freeze the processor before that instruction while interrupts are off", () => {
    const computer = run([...DIVIDE_BY_ZERO, FWAIT], COUNT);
    expect([errors(computer), rip(computer)]).toEqual([0n, behind(DIVIDE_BY_ZERO)]);
  });

  it("come back to a frozen processor when its handler has done nothing, without another request", () => {
    const computer = run([STI, ...DIVIDE_BY_ZERO, FWAIT], COUNT);
    expect([errors(computer), rip(computer)]).toEqual([1n, behind([STI], DIVIDE_BY_ZERO)]);
    expect(Number(computer.machine.processors[0].rflags) & Rflags.IF).toBe(Rflags.IF);
  });

  it("are ignored after a write to port F0H, until they are cleared: then the next one counts", () => {
    // The handler: inc ebx; out 0f0h, al; fwait; fld1; fnclex
    const handler = [...COUNT, ...OUT_F0, FWAIT, ...FLD1, ...FNCLEX];
    const program = [STI, ...DIVIDE_BY_ZERO, FWAIT, ...DIVIDE_BY_ZERO, FWAIT];
    expect(errors(run(program, handler))).toBe(2n);
  });

  it("are not ignored because port F0H was written before they were told", () => {
    const computer = run([...DIVIDE_BY_ZERO, ...OUT_F0, FWAIT]);
    expect(rip(computer)).toBe(behind(DIVIDE_BY_ZERO, OUT_F0));
  });

  it.each([
    ["FNINIT", FNINIT],
    ["FLDCW that masks it", [0x68, 0x7f, 3, 0, 0, 0xd9, 0x2c, 0x24, 0x58]],
    ["FNSTENV", [0xd9, 0x74, 0x24, 0xc0]],
  ])("are over with %s, too", (_name, code) => {
    const handler = [...COUNT, ...OUT_F0, ...code, FWAIT, ...UNMASK, ...FNCLEX];
    expect(errors(run([STI, ...DIVIDE_BY_ZERO, FWAIT, ...DIVIDE_BY_ZERO, FWAIT], handler))).toBe(2n);
  });

  it("are exceptions when CR0.NE is set", () => {
    // mov eax, cr0; or al, 20h; mov cr0, eax. There is no gate for #MF.
    const setNe = [0x0f, 0x20, 0xc0, 0x0c, 0x20, 0x0f, 0x22, 0xc0];
    const { computer } = booted([
      0xbc,
      ...u32(0x20_0000),
      ...setNe,
      ...FNINIT,
      ...UNMASK,
      ...DIVIDE_BY_ZERO,
      FWAIT,
      HLT,
    ]);
    expect(computer.runFor(1000)).toMatchObject({ kind: "shutdown" });
  });
});
