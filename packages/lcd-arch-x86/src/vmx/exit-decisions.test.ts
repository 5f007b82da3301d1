import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../address";
import { TestHost } from "./test-host";
import { VmcsField as F } from "./vmcs-field";

let host: TestHost;
beforeEach(() => {
  host = new TestHost().ready();
});

const PROCESSOR = 0x0401_e1f2n;
const exits = () => host.vmx.exits;

describe("exceptions (SDM 3C, Exception Bitmap)", () => {
  it("exit when their bit is set", () => {
    host.vmx.vmwrite(F.exceptionBitmap, (1n << 0n) | (1n << 31n));
    expect([0, 1, 6, 31].map((vector) => exits().exception(vector, 0))).toEqual([true, false, false, true]);
  });

  // The bit of vector 14 counts when (error code & mask) equals match, its complement otherwise.
  it.each([
    [true, 0, 0, 2, true],
    [true, 2, 2, 2, true],
    [true, 2, 2, 0, false],
    [false, 2, 2, 0, true],
    [false, 2, 2, 2, false],
    [true, 0xffff_ffff, 0xffff_ffff, 2, false],
  ])("page faults: bit %s, mask %i, match %i, error code %i: exits %s", (bit, mask, match, code, expected) => {
    host.vmx.vmwrite(F.exceptionBitmap, bit ? 1n << 14n : 0n);
    host.vmx.vmwrite(F.pageFaultErrorCodeMask, BigInt(mask));
    host.vmx.vmwrite(F.pageFaultErrorCodeMatch, BigInt(match));
    expect(exits().exception(14, code)).toBe(expected);
  });
});

describe("instructions (SDM 3C, Instructions That Cause VM Exits)", () => {
  it.each([
    ["cpuid", 10],
    ["getsec", 11],
    ["invd", 13],
    ["vmcall", 18],
    ["vmlaunch", 20],
    ["vmxon", 27],
    ["rdmsr", 31],
    ["wrmsr", 32],
    ["invept", 50],
    ["invvpid", 53],
    ["xsetbv", 55],
  ] as const)("%s exits unconditionally, reason %i", (name, reason) => {
    expect(exits().instruction(name)).toBe(reason);
  });

  it.each([
    ["invlpg", 9n, 14],
    ["rdtsc", 12n, 16],
    ["rdtscp", 12n, 51],
    ["movDr", 23n, 29],
    ["mwait", 10n, 36],
    ["rdpmc", 11n, 15],
    ["monitor", 29n, 39],
    ["invpcid", 9n, 58],
  ] as const)("%s exits when processor control %i is set, reason %i", (name, bit, reason) => {
    expect(exits().instruction(name)).toBeNull();
    host.vmx.vmwrite(F.processorControls, PROCESSOR | (1n << bit));
    expect(exits().instruction(name)).toBe(reason);
  });

  it("WBINVD exits by a secondary control, RDTSCP is undefined without one", () => {
    host.vmx.vmwrite(F.secondaryControls, 0x48n);
    expect([exits().instruction("wbinvd"), exits().rdtscpUndefined()]).toEqual([null, true]);
    host.vmx.vmwrite(F.processorControls, PROCESSOR | (1n << 31n));
    expect([exits().instruction("wbinvd"), exits().rdtscpUndefined()]).toEqual([54, false]);
  });
});

describe("IN and OUT (SDM 3C, I/O-Bitmap Addresses)", () => {
  const UNCONDITIONAL = 1n << 24n;
  const BITMAPS = 1n << 25n;
  const BITMAP_A = 0x4000n;
  const BITMAP_B = 0x5000n;

  /** With I/O bitmaps in which the bits of these ports are set. */
  function withBitmaps(...ports: readonly number[]): void {
    host.vmx.vmwrite(F.processorControls, PROCESSOR | UNCONDITIONAL | BITMAPS);
    host.vmx.vmwrite(F.ioBitmapA, BITMAP_A);
    host.vmx.vmwrite(F.ioBitmapB, BITMAP_B);
    for (const port of ports) {
      const bitmap = port < 0x8000 ? BITMAP_A : BITMAP_B;
      host.memory.writeU8(__hpa(bitmap + BigInt((port & 0x7fff) >> 3)), 1 << (port & 7));
    }
  }

  it("without bitmaps exit all or none", () => {
    expect(exits().io(0x80, 1)).toBe(false);
    host.vmx.vmwrite(F.processorControls, PROCESSOR | UNCONDITIONAL);
    expect(exits().io(0x80, 1)).toBe(true);
  });

  it("exit if the bit of one of their ports is set", () => {
    withBitmaps(0x71, 0x7fff, 0x8000, 0xfff9);
    expect([0x70, 0x71, 0x72, 0x8000, 0xfff8, 0xfff9].map((port) => exits().io(port, 1))).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect([0x6e, 0x70].map((port) => exits().io(port, 2))).toEqual([false, true]);
    expect([0x6d, 0x6e, 0x72, 0x7ffc, 0x8001].map((port) => exits().io(port, 4))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it("exit if they go beyond port FFFFH", () => {
    withBitmaps();
    expect([exits().io(0xffff, 1), exits().io(0xffff, 2), exits().io(0xfffc, 4), exits().io(0xfffd, 4)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("exit where the bitmap is not in RAM", () => {
    withBitmaps();
    host.vmx.vmwrite(F.ioBitmapB, 0x10_0000n);
    expect([exits().io(0x7fff, 1), exits().io(0x8000, 1)]).toEqual([false, true]);
  });

  it.each([
    ["A", F.ioBitmapA],
    ["B", F.ioBitmapB],
  ] as const)("VM entry fails when bitmap %s is not page-aligned, or beyond physical addresses", (_name, field) => {
    withBitmaps();
    for (const address of [0x4800n, 1n << 52n]) {
      host.vmx.vmwrite(field, address);
      expect(host.vmx.vmlaunch()).toBe(7);
    }
    host.vmx.vmwrite(F.processorControls, PROCESSOR);
    expect(host.vmx.vmlaunch()).toBe(0);
  });
});

describe("instructions that exit by a secondary control", () => {
  it.each([
    ["descriptorTable", 2n, 46],
    ["taskRegister", 2n, 47],
    ["rdrand", 11n, 57],
    ["rdseed", 16n, 61],
  ] as const)("%s: control %i, reason %i", (name, bit, reason) => {
    host.vmx.vmwrite(F.processorControls, PROCESSOR | (1n << 31n));
    expect(exits().instruction(name)).toBeNull();
    host.vmx.vmwrite(F.secondaryControls, 1n << bit);
    expect(exits().instruction(name)).toBe(reason);
  });

  it("INVPCID is undefined without its control", () => {
    host.vmx.vmwrite(F.processorControls, PROCESSOR | (1n << 31n));
    expect(exits().invpcidUndefined()).toBe(true);
    host.vmx.vmwrite(F.secondaryControls, 1n << 12n);
    expect(exits().invpcidUndefined()).toBe(false);
  });
});

describe("control registers (SDM 3C, Guest/Host Masks and Read Shadows)", () => {
  it("MOV to CR0 exits when a masked bit differs from its shadow", () => {
    host.vmx.vmwrite(F.cr0Mask, 0x8000_0001n);
    host.vmx.vmwrite(F.cr0Shadow, 0x8000_0001n);
    expect([exits().cr0Write(0x8001_0031n), exits().cr0Write(0x31n)]).toEqual([false, true]);
  });

  it("reads show the shadow's masked bits, writes keep the real ones", () => {
    host.vmx.vmwrite(F.cr4Mask, 0x2000n);
    host.vmx.vmwrite(F.cr4Shadow, 0x20n);
    expect(exits().cr4Seen(0x2020n)).toBe(0x20n);
    expect(exits().cr4Written(0x2020n, 0xa0n)).toBe(0x20a0n);
    expect([exits().cr4Write(0x20n), exits().cr4Write(0x2020n)]).toEqual([false, true]);
    host.vmx.vmwrite(F.cr0Mask, 0x20n);
    expect([exits().cr0Seen(0x8000_0031n), exits().cr0Written(0x8000_0031n, 0x11n)]).toEqual([0x8000_0011n, 0x31n]);
  });

  it("CLTS exits when TS is masked and its shadow is 1", () => {
    host.vmx.vmwrite(F.cr0Mask, 8n);
    expect(exits().clts()).toBe(false);
    host.vmx.vmwrite(F.cr0Shadow, 8n);
    expect(exits().clts()).toBe(true);
  });

  it("LMSW exits when it would set a masked PE or change a masked MP, EM or TS", () => {
    host.vmx.vmwrite(F.cr0Mask, 0xfn);
    host.vmx.vmwrite(F.cr0Shadow, 0x1n);
    expect([exits().lmsw(1), exits().lmsw(0), exits().lmsw(9)]).toEqual([false, false, true]);
    host.vmx.vmwrite(F.cr0Shadow, 0n);
    expect(exits().lmsw(1)).toBe(true);
  });

  it("MOV to CR3 exits unless the value is a CR3-target value in use", () => {
    host.vmx.vmwrite(F.cr3Target0, 0x1000n);
    host.vmx.vmwrite(F.cr3Target1, 0x2000n);
    host.vmx.vmwrite(F.cr3TargetCount, 1n);
    expect([exits().cr3Write(0x1000n), exits().cr3Write(0x2000n), exits().cr3Read()]).toEqual([false, true, true]);
    host.vmx.vmwrite(F.processorControls, PROCESSOR & ~0x1_8000n);
    expect([exits().cr3Write(0x2000n), exits().cr3Read()]).toEqual([false, false]);
  });

  it("MOV to and from CR8 exit by their controls", () => {
    expect([exits().cr8Write(), exits().cr8Read()]).toEqual([false, false]);
    host.vmx.vmwrite(F.processorControls, PROCESSOR | (3n << 19n));
    expect([exits().cr8Write(), exits().cr8Read()]).toEqual([true, true]);
  });
});
