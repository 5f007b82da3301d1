import { describe, expect, it } from "vitest";
import { Gpr, Rflags } from "../state";
import { LOW_CODE, type Mode, ModeMachine, modes } from "../system/test-modes";

const HLT = 0xf4;
const HALTED = { kind: "halted" };
const UNDEFINED = { kind: "exception", vector: 6, errorCode: null };

/** Instructions on EAX, EBX and ECX. */
const ANDN = [0xc4, 0xe2, 0x60, 0xf2, 0xc1];
const BEXTR = [0xc4, 0xe2, 0x70, 0xf7, 0xc3];
const BZHI = [0xc4, 0xe2, 0x70, 0xf5, 0xc3];
const MULX = [0xc4, 0xe2, 0x7b, 0xf6, 0xc3];
const PDEP = [0xc4, 0xe2, 0x63, 0xf5, 0xc1];
const PEXT = [0xc4, 0xe2, 0x62, 0xf5, 0xc1];
const RORX_4 = [0xc4, 0xe3, 0x7b, 0xf0, 0xc3, 4];
const ADCX = [0x66, 0x0f, 0x38, 0xf6, 0xc3];
const ADOX = [0xf3, 0x0f, 0x38, 0xf6, 0xc3];
const TZCNT = [0xf3, 0x0f, 0xbc, 0xc3];
const LZCNT = [0xf3, 0x0f, 0xbd, 0xc3];
/** XOP, with an immediate instead of the third register (AMD's manual, volume 3). */
const XOP_BEXTR = [0x8f, 0xea, 0x78, 0x10, 0xc3, 0, 0, 0, 0];

const hasVex = (mode: Mode): boolean => mode !== "real-address" && mode !== "virtual-8086";

/** How an instruction ends in a mode, or HALTED when the HLT behind it was reached, which is for CPL 0. */
function outcome(mode: Mode, cpl: number, code: readonly number[]) {
  const { stop, rip } = run(mode, cpl, code);
  return rip === LOW_CODE ? stop : HALTED;
}

function run(mode: Mode, cpl: number, code: readonly number[], registers: Partial<Record<number, bigint>> = {}) {
  const machine = new ModeMachine(mode, cpl);
  for (const [register, value] of Object.entries(registers)) {
    machine.cpu.gpr[Number(register)] = value ?? 0n;
  }
  const stop = machine.run([...code, HLT]);
  const { cpu } = machine;
  return { stop, rip: cpu.rip, rax: cpu.gpr[Gpr.rax], flags: cpu.eflags };
}

describe.each(modes)("in %s mode at CPL %i", (mode, cpl) => {
  it.each([
    ["ANDN", ANDN],
    ["BEXTR", BEXTR],
    ["BZHI", BZHI],
    ["MULX", MULX],
    ["PDEP", PDEP],
    ["PEXT", PEXT],
    ["RORX", RORX_4],
  ])("%s is there if VEX is", (_name, code) => {
    expect(outcome(mode, cpl, code)).toEqual(hasVex(mode) ? HALTED : UNDEFINED);
  });

  it.each([
    ["ADCX", ADCX],
    ["ADOX", ADOX],
    ["TZCNT", TZCNT],
    ["LZCNT", LZCNT],
  ])("%s is there", (_name, code) => {
    expect(outcome(mode, cpl, code)).toEqual(HALTED);
  });

  it("AMD's BEXTR with an immediate is not", () => {
    expect(outcome(mode, cpl, XOP_BEXTR)).toEqual(UNDEFINED);
  });
});

describe("fields of bits", () => {
  const compute = (code: readonly number[], rbx: bigint, rcx: bigint) => {
    const { rax, flags } = run("64-bit", 0, code, { [Gpr.rbx]: rbx, [Gpr.rcx]: rcx });
    return { rax, carry: flags & Rflags.CF, zero: (flags & Rflags.ZF) !== 0 };
  };

  it("BEXTR takes as many as byte 1 says from where byte 0 says, 0 beyond the operand", () => {
    expect(compute(BEXTR, 0xabcd1234n, 0x0810n)).toEqual({ rax: 0xcdn, carry: 0, zero: false });
    expect(compute(BEXTR, 0xabcd1234n, 0xff1cn)).toEqual({ rax: 0xan, carry: 0, zero: false });
    expect(compute(BEXTR, 0xabcd1234n, 0x0820n)).toEqual({ rax: 0n, carry: 0, zero: true });
  });

  it("BZHI keeps those below its index, and sets CF when that is beyond the operand", () => {
    expect(compute(BZHI, 0xffffffffn, 31n)).toEqual({ rax: 0x7fffffffn, carry: 0, zero: false });
    expect(compute(BZHI, 0xffffffffn, 32n)).toEqual({ rax: 0xffffffffn, carry: 1, zero: false });
    // Only byte 0 counts.
    expect(compute(BZHI, 0xffffffffn, 0x100n)).toEqual({ rax: 0n, carry: 0, zero: true });
  });

  it("PDEP puts low bits where the mask has ones, PEXT takes them from there", () => {
    // The ones of 0x0ff0_00f0 stand at 4 to 7 and 20 to 27: 0xa5c is c at 4, and a5 at 20.
    expect(compute(PDEP, 0xfa5cn, 0x0ff0_00f0n).rax).toBe(0x0a50_00c0n);
    expect(compute(PEXT, 0xfa5f_ffcfn, 0x0ff0_00f0n).rax).toBe(0xa5cn);
    expect(compute(PDEP, 0xffffn, 0n).rax).toBe(0n);
  });
});

describe("ADCX and ADOX", () => {
  const start = { [Gpr.rax]: 0xffff_ffffn, [Gpr.rbx]: 1n };
  const STC = 0xf9;
  /** xor edx, edx clears CF and OF, and sets ZF and PF. */
  const CLEAR = [0x31, 0xd2];
  const kept = Rflags.ZF | Rflags.PF;
  const compared = kept | Rflags.CF | Rflags.OF | Rflags.SF;

  it.each([
    ["ADCX", ADCX, 0n, Rflags.CF],
    ["ADOX", ADOX, 0n, Rflags.OF],
  ])("%s carries into its flag alone, and leaves ZF, though the sum is not what set it", (_name, code, sum, flag) => {
    const { rax, flags } = run("64-bit", 0, [...CLEAR, ...code], start);
    expect([rax, flags & compared]).toEqual([sum, kept | flag]);
  });

  it("add their own carry", () => {
    expect(run("64-bit", 0, [...CLEAR, STC, ...ADCX], start).rax).toBe(1n);
    expect(run("64-bit", 0, [...CLEAR, STC, ...ADOX], start).rax).toBe(0n);
  });
});
