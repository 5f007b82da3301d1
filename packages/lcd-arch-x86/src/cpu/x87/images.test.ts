import { describe, expect, it } from "vitest";
import { CpuState, STATE_SIZE } from "../state";
import { Fpu, fpuOperations, initialize, loadEnvironment, loadImage, storeEnvironment, storeImage } from "./index";

function newFpu(): Fpu {
  const fpu = new Fpu(new CpuState(new ArrayBuffer(STATE_SIZE), 0));
  initialize(fpu);
  return fpu;
}

const words = (bytes: Uint8Array): number[] => [...new Uint16Array(bytes.buffer)];

/** An FPU with 1 in R7, 0 in R6, minus infinity in R5, and pointers. */
function filled(): Fpu {
  const fpu = newFpu();
  fpuOperations.ld1(fpu, 0);
  fpuOperations.ldz(fpu, 0);
  fpuOperations.ld1(fpu, 0);
  fpuOperations["div top"](fpu, 1);
  fpuOperations.chs(fpu, 0);
  fpu.state.set64("fpuIp", 0x12345n);
  fpu.state.set64("fpuDp", 0x6789an);
  fpu.state.set32("fpuOpcode", 0x7ab);
  return fpu;
}

/** TOP 5, ZE; tags: R5 special, R6 zero, R7 valid, the others empty (SDM 1, x87 FPU Tag Word). */
const STATUS = (5 << 11) | 4;
const TAGS = 0b00_01_10_11_11_11_11_11;

describe("the environment that FNSTENV stores (SDM 1, figures 8-9 to 8-12)", () => {
  it("has dwords with ones above the words, in 32-bit protected mode", () => {
    const bytes = new Uint8Array(28);
    storeEnvironment(filled(), { size: 4, real: false }, bytes);
    expect([...new Uint32Array(bytes.buffer)]).toEqual([
      0xffff037f,
      (0xffff0000 | STATUS) >>> 0,
      (0xffff0000 | TAGS) >>> 0,
      0x12345,
      0x7ab0000,
      0x6789a,
      0xffff0000,
    ]);
  });

  it("has the linear addresses in pieces around the opcode, in 16-bit real-address mode", () => {
    const bytes = new Uint8Array(14);
    storeEnvironment(filled(), { size: 2, real: true }, bytes);
    expect(words(bytes)).toEqual([0x37f, STATUS, TAGS, 0x2345, 0x17ab, 0x789a, 0x6000]);
  });

  it("has them so in 32-bit real-address mode, too", () => {
    const bytes = new Uint8Array(28);
    storeEnvironment(filled(), { size: 4, real: true }, bytes);
    expect([...new Uint32Array(bytes.buffer)].slice(3)).toEqual([0xffff2345, 0x17ab, 0xffff789a, 0x6000]);
  });

  it.each([
    ["16-bit real", { size: 2, real: true }],
    ["32-bit real", { size: 4, real: true }],
    ["16-bit protected", { size: 2, real: false }],
    ["32-bit protected", { size: 4, real: false }],
  ] as const)("is what FLDENV loads: %s", (_, form) => {
    const [bytes, again] = [new Uint8Array(28), new Uint8Array(28)];
    storeEnvironment(filled(), form, bytes);
    const fpu = newFpu();
    // The registers' contents are not in the environment, and tags are made from them.
    fpuOperations.ld1(fpu, 0);
    loadEnvironment(fpu, form, bytes);
    storeEnvironment(fpu, form, again);
    expect(words(again).filter((_word, at) => at !== form.size)).toEqual(
      words(bytes).filter((_word, at) => at !== form.size),
    );
    expect(fpu.state.get32("fpuTags")).toBe(0b1110_0000);
  });
});

describe("FNSAVE and FRSTOR", () => {
  it("move everything there and back, and FNSAVE initializes", () => {
    const [bytes, again] = [new Uint8Array(108), new Uint8Array(108)];
    const fpu = filled();
    storeImage(fpu, { size: 4, real: false }, bytes);
    expect([fpu.control, fpu.status, fpu.state.get32("fpuTags")]).toEqual([0x37f, 0, 0]);
    // ST(0) is minus infinity, ST(1) 0, ST(2) 1.
    expect([...bytes.subarray(28, 38)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0xff]);
    expect([...bytes.subarray(48, 58)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f]);
    loadImage(fpu, { size: 4, real: false }, bytes);
    storeImage(fpu, { size: 4, real: false }, again);
    expect(again).toEqual(bytes);
  });
});
