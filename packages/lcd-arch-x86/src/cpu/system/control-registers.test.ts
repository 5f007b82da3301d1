import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { Cr0, Cr4, Efer } from "../../mmu/index";
import { BareMachine, DATA } from "../../testing/index";
import { Gpr, Segment } from "../state";

const PG = 0x8000_0000n;
const CR3 = 0x1000n;
const EFER = 0xc000_0080;

/** Access rights of code segments: L; D, of 32 bits. */
const CODE_64 = 0xa09b;
const CODE_32 = 0xc09b;

let bare: BareMachine;
beforeEach(() => {
  bare = new BareMachine();
});

const read = (number: 0 | 3 | 4): bigint => bare.cpu.readControlRegister(number);
const write = (number: 0 | 2 | 3 | 4 | 8, value: bigint): void => bare.cpu.writeControlRegister(number, value);
const setCr4 = (...bits: number[]): void =>
  write(
    4,
    bits.reduce((all, bit) => all | BigInt(bit), 0n),
  );
const efer = (): number => Number(bare.cpu.readMsr(EFER));

/** A write raises #GP(0) and changes nothing. */
function refuses(attempt: () => void): void {
  const before = [read(0), read(3), read(4), bare.cpu.readMsr(EFER)];
  expect(attempt).toThrow(expect.objectContaining({ vector: 13, errorCode: 0 }));
  expect([read(0), read(3), read(4), bare.cpu.readMsr(EFER)]).toEqual(before);
}

const setCode = (rights: number): void => bare.cpu.state.set32("segmentRights", rights, Segment.cs);
/** From 64-bit code, as the machine starts, to protected mode of 32 bits without paging. */
function leaveLongMode(): void {
  setCode(CODE_32);
  write(0, read(0) & ~PG);
  bare.cpu.writeMsr(EFER, 0n);
}

describe("MOV to CR0 (SDM 2B, MOV (control registers); SDM 3A, Control Registers)", () => {
  it("refuses paging without protection, NW without CD, and bits above 31", () => {
    refuses(() => write(0, read(0) & ~BigInt(Cr0.PE)));
    refuses(() => write(0, read(0) | BigInt(Cr0.NW)));
    refuses(() => write(0, read(0) | (1n << 32n)));
    write(0, read(0) | BigInt(Cr0.NW | Cr0.CD));
    expect(read(0) & BigInt(Cr0.NW | Cr0.CD)).toBe(BigInt(Cr0.NW | Cr0.CD));
  });

  it("keeps ET set and reserved bits clear", () => {
    write(0, (read(0) & ~BigInt(Cr0.ET)) | (1n << 6n) | (1n << 17n) | (1n << 28n));
    expect(read(0)).toBe(PG | BigInt(Cr0.PE | Cr0.MP | Cr0.ET | Cr0.NE | Cr0.WP));
  });

  it("does not turn paging off in 64-bit mode", () => {
    refuses(() => write(0, read(0) & ~PG));
  });

  it("turns paging off in compatibility mode, which leaves IA-32e mode but keeps LME", () => {
    setCode(CODE_32);
    write(0, read(0) & ~PG);
    expect(efer() & (Efer.LME | Efer.LMA)).toBe(Efer.LME);
  });

  it("does not turn paging off while CR4.PCIDE is set", () => {
    setCr4(Cr4.PAE, Cr4.PCIDE);
    setCode(CODE_32);
    refuses(() => write(0, read(0) & ~PG));
  });

  it("enters IA-32e mode with paging, LME and CR4.PAE", () => {
    leaveLongMode();
    bare.cpu.writeMsr(EFER, BigInt(Efer.LME));
    write(4, 0n);
    refuses(() => write(0, read(0) | PG));
    setCr4(Cr4.PAE);
    write(0, read(0) | PG);
    expect(efer() & (Efer.LME | Efer.LMA)).toBe(Efer.LME | Efer.LMA);
  });

  it("enters IA-32e mode neither in a segment with L nor with a 16-bit TSS", () => {
    leaveLongMode();
    bare.cpu.writeMsr(EFER, BigInt(Efer.LME));
    setCode(CODE_64);
    refuses(() => write(0, read(0) | PG));
    setCode(CODE_32);
    for (const tss of [0x81, 0x83]) {
      bare.cpu.state.set32("segmentRights", tss, Segment.tr);
      refuses(() => write(0, read(0) | PG));
    }
    bare.cpu.state.set32("segmentRights", 0x8b, Segment.tr);
    write(0, read(0) | PG);
    expect(efer() & Efer.LMA).toBe(Efer.LMA);
  });

  it("turns 32-bit paging on without LME", () => {
    leaveLongMode();
    write(4, 0n);
    write(0, read(0) | PG);
    expect(efer() & Efer.LMA).toBe(0);
  });
});

describe("MOV to CR3", () => {
  it("refuses bits from the physical-address width up", () => {
    for (const bit of [48n, 51n, 52n, 62n, 63n]) refuses(() => write(3, CR3 | (1n << bit)));
    write(3, 0xffff_ffff_ffffn);
    expect(read(3)).toBe(0xffff_ffff_ffffn);
  });

  it("takes bit 63 with CR4.PCIDE, and does not keep it", () => {
    setCr4(Cr4.PAE, Cr4.PCIDE);
    write(3, CR3 | (1n << 63n) | 5n);
    expect(read(3)).toBe(CR3 | 5n);
    refuses(() => write(3, CR3 | (1n << 62n)));
  });
});

describe("MOV to CR4 (SDM 2B; SDM 3A, Paging-Mode Enabling)", () => {
  it("refuses bits that the processor does not have", () => {
    // SMXE, 15, 19 (key locker), 22 (PKE) and up
    for (const bit of [14n, 15n, 19n, 22n, 23n, 31n, 32n, 63n]) refuses(() => write(4, read(4) | (1n << bit)));
  });

  it("keeps PAE and LA57 as they are in IA-32e mode", () => {
    refuses(() => write(4, 0n));
    refuses(() => setCr4(Cr4.PAE, Cr4.LA57));
    leaveLongMode();
    setCr4(Cr4.LA57);
    setCr4(Cr4.PAE);
    expect(read(4)).toBe(BigInt(Cr4.PAE));
  });

  it("sets PCIDE in IA-32e mode only, and only while CR3 names PCID 0", () => {
    write(3, CR3 | 8n);
    refuses(() => setCr4(Cr4.PAE, Cr4.PCIDE));
    write(3, CR3);
    setCr4(Cr4.PAE, Cr4.PCIDE);
    // With PCIDs on, CR3 may name any, and other bits of CR4 may change.
    write(3, CR3 | 8n);
    setCr4(Cr4.PAE, Cr4.PCIDE, Cr4.PGE);
    setCr4(Cr4.PAE);
    write(3, CR3);
    leaveLongMode();
    refuses(() => setCr4(Cr4.PAE, Cr4.PCIDE));
  });
});

describe("MOV to CR8", () => {
  it("takes priorities 0 to 15", () => {
    write(8, 15n);
    expect(bare.cpu.readControlRegister(8)).toBe(15n);
    expect(() => write(8, 16n)).toThrow(expect.objectContaining({ vector: 13, errorCode: 0 }));
  });
});

describe("WRMSR to IA32_EFER (SDM 4; SDM 3A, Paging-Mode Enabling)", () => {
  it("refuses reserved bits, and a change of LME while paging is on", () => {
    for (const bit of [1n, 7n, 9n, 12n, 63n]) {
      refuses(() => bare.cpu.writeMsr(EFER, bare.cpu.readMsr(EFER) | (1n << bit)));
    }
    refuses(() => bare.cpu.writeMsr(EFER, 0n));
    leaveLongMode();
    bare.cpu.writeMsr(EFER, BigInt(Efer.LME));
    bare.cpu.writeMsr(EFER, 0n);
  });

  it("does not write LMA", () => {
    bare.cpu.writeMsr(EFER, BigInt(Efer.LME));
    expect(efer()).toBe(Efer.LME | Efer.LMA);
    leaveLongMode();
    bare.cpu.writeMsr(EFER, BigInt(Efer.LMA));
    expect(efer()).toBe(0);
  });
});

describe("PDPTE registers (SDM 3A, PDPTE Registers)", () => {
  const TABLE = 0x5000n;
  const pdpte = (): bigint => bare.cpu.state.get64("pdpte", 0);
  const store = (value: bigint): void => bare.machine.memory.writeU64(__hpa(TABLE), value);

  beforeEach(() => {
    leaveLongMode();
    setCr4(Cr4.PAE);
    store(0x6001n);
    write(3, TABLE);
    expect(pdpte()).toBe(0n);
    write(0, read(0) | PG);
    expect(pdpte()).toBe(0x6001n);
    store(0x7001n);
  });

  it.each<[string, () => void]>([
    ["MOV to CR3", () => write(3, TABLE)],
    ["CR0.CD", () => write(0, read(0) | BigInt(Cr0.CD))],
    ["CR4.PGE", () => setCr4(Cr4.PAE, Cr4.PGE)],
    ["CR4.PSE", () => setCr4(Cr4.PAE, Cr4.PSE)],
    ["CR4.SMEP", () => setCr4(Cr4.PAE, Cr4.SMEP)],
  ])("are loaded by a change of %s; if one has a reserved bit, the change is refused", (_, change) => {
    store(0x7003n);
    refuses(change);
    expect(pdpte()).toBe(0x6001n);
    store(0x7001n);
    change();
    expect(pdpte()).toBe(0x7001n);
  });

  it("are loaded by CR0.NW and by CR4.PAE", () => {
    write(0, read(0) | BigInt(Cr0.CD | Cr0.NW));
    expect(pdpte()).toBe(0x7001n);
    write(4, 0n);
    store(0x8001n);
    setCr4(Cr4.PAE);
    expect(pdpte()).toBe(0x8001n);
  });

  it("are not loaded by changes of other bits, nor in other modes", () => {
    write(0, read(0) ^ BigInt(Cr0.WP | Cr0.TS));
    setCr4(Cr4.PAE, Cr4.SMAP, Cr4.TSD);
    expect(pdpte()).toBe(0x6001n);
    write(0, read(0) & ~PG);
    write(3, TABLE);
    expect(pdpte()).toBe(0x6001n);
  });
});

describe("what MOV to control registers drops (SDM 3A, Operations that Invalidate TLBs and Paging-Structure Caches)", () => {
  const LINEAR = 0x4000_0000;
  const GLOBAL = 0x100n;
  const HLT = 0xf4;

  /** Maps LINEAR to one of two pages, whose first bytes are 1 and 2. */
  const map = (page: 1 | 2, flags = 0n): void =>
    bare.machine.memory.writeU64(__hpa(0x8000n), (DATA + BigInt(page) * 0x1000n) | 3n | flags);
  /** Loads from LINEAR in 64-bit code: mov al, [LINEAR]; hlt. */
  const load = (): bigint => {
    expect(bare.run([0x8a, 0x04, 0x25, 0, 0, 0, LINEAR >>> 24, HLT])).toEqual({ kind: "halted" });
    return bare.cpu.gpr[Gpr.rax] & 0xffn;
  };

  beforeEach(() => {
    const { memory } = bare.machine;
    // The second GiB: PDPT at 0x2000, a page directory, a page table.
    memory.writeU64(__hpa(0x2008n), 0x9003n);
    memory.writeU64(__hpa(0x9000n), 0x8003n);
    memory.writeU64(__hpa(DATA + 0x1000n), 1n);
    memory.writeU64(__hpa(DATA + 0x2000n), 2n);
    map(1);
  });

  /** Whether a change makes a changed mapping take effect. */
  const drops = (change: () => void, flags = 0n): boolean => {
    map(1, flags);
    bare.cpu.tlb.flushPage(LINEAR);
    expect(load()).toBe(1n);
    map(2, flags);
    // This processor does keep translations: the tests below mean something.
    expect(load()).toBe(1n);
    change();
    return load() === 2n;
  };

  it("CR3: everything but global pages", () => {
    expect(drops(() => write(3, CR3))).toBe(true);
    expect(drops(() => write(3, CR3), GLOBAL)).toBe(true);
    setCr4(Cr4.PAE, Cr4.PGE);
    expect(drops(() => write(3, CR3))).toBe(true);
    expect(drops(() => write(3, CR3), GLOBAL)).toBe(false);
  });

  it("CR3 with PCIDs: those of the one named, unless bit 63 is set", () => {
    setCr4(Cr4.PAE, Cr4.PCIDE);
    const KEEP = 1n << 63n;
    expect(drops(() => write(3, CR3))).toBe(true);
    expect(drops(() => write(3, CR3 | KEEP))).toBe(false);
    const toAndFro = (first: bigint, second: bigint) => () => {
      write(3, first);
      write(3, second);
    };
    expect(drops(toAndFro(CR3 | 7n, CR3 | KEEP))).toBe(false);
    expect(drops(toAndFro(CR3 | 7n, CR3))).toBe(true);
  });

  it("CR4.PGE: everything, either way", () => {
    expect(drops(() => setCr4(Cr4.PAE, Cr4.PGE), GLOBAL)).toBe(true);
    expect(drops(() => setCr4(Cr4.PAE), GLOBAL)).toBe(true);
  });

  it("CR4.PCIDE cleared, CR4.SMEP set: everything", () => {
    setCr4(Cr4.PAE, Cr4.PCIDE, Cr4.PGE);
    expect(drops(() => setCr4(Cr4.PAE, Cr4.PGE), GLOBAL)).toBe(true);
    expect(drops(() => setCr4(Cr4.PAE, Cr4.PGE, Cr4.SMEP), GLOBAL)).toBe(true);
  });

  it("CR0.PG cleared: everything", () => {
    setCr4(Cr4.PAE, Cr4.PGE);
    const offAndOn = (): void => {
      setCode(CODE_32);
      write(0, read(0) & ~PG);
      write(0, read(0) | PG);
      setCode(CODE_64);
      bare.cpu.addressSpaceChanged();
    };
    expect(drops(offAndOn, GLOBAL)).toBe(true);
  });
});
