import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { gateOf, ProtectedModeSystem, Selector, USER_CODE, USER_STACK } from "../interrupt/test-protected-mode";
import { Rflags } from "../state";

// SDM 3A, "Interrupt 17: Alignment Check Exception (#AC)", with its table of alignment requirements by data type.

const ALIGNMENT_CHECK = 17;
const GENERAL_PROTECTION = 13;
const UD2 = [0x0f, 0x0b];
const INVALID_OPCODE = 6;
const AT = 0x16_0000;
const DATA = 0x17_0000;
const MISPLACED = DATA + 0x22;
const CR0_AM = 1 << 18;

const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const double = (value: number): number[] => [...word(value), ...word(value >>> 16)];

let system: ProtectedModeSystem;

beforeEach(() => {
  system = new ProtectedModeSystem();
  check(true);
  system.machine.memory.write(__hpa(AT), Uint8Array.from(UD2));
});

/** CR0.AM and EFLAGS.AC. */
function check(enabled: boolean, ac = true): void {
  const { cpu } = system;
  cpu.state.set64("cr0", enabled ? BigInt(0x11 | CR0_AM) : 0x11n);
  cpu.eflags = Rflags.fixed | (ac ? Rflags.AC : 0);
}

/** The exception that code at CPL 3 ends with; UD2 stands behind it. */
function ending(code: readonly number[], cpl: 1 | 3 = 3): number {
  system.runAt(cpl, [...code, ...UD2]);
  return system.halted;
}

/** `mov esp, value` */
const stackAt = (value: number): number[] => [0xbc, ...double(value)];
const misplacedStack = stackAt(USER_STACK - 0x100 - 2);

const CALL = [0x9a, ...double(AT), ...word(Selector.userCode)];
const CALL_16 = [0x66, 0x9a, ...word(0), ...word(Selector.userCode)];
const RETF = [0xcb];
const IRET = [0xcf];

describe("an access to the stack by a far transfer at CPL 3", () => {
  it.each([
    ["CALL", CALL],
    ["RET", RETF],
    ["IRET", IRET],
  ])("of %s raises #AC(0) when it is not aligned", (_name, code) => {
    expect(ending([...misplacedStack, ...code])).toBe(ALIGNMENT_CHECK);
    const at = USER_CODE + misplacedStack.length;
    expect([system.stacked(0), system.stacked(1)]).toEqual([0, at]);
  });

  it("is not checked without CR0.AM, without EFLAGS.AC, or at another CPL", () => {
    const code = [...misplacedStack, ...CALL];
    check(false);
    expect(ending(code)).toBe(INVALID_OPCODE);
    check(true, false);
    expect(ending(code)).toBe(INVALID_OPCODE);
    check(true);
    // CS is of CPL 3: the descriptor's privilege is wrong, not the stack.
    expect(ending(code, 1)).toBe(GENERAL_PROTECTION);
  });

  it("is aligned to its own size: words of a 16-bit CALL to two bytes", () => {
    system.describe(Selector.userCode, 0x00cf_fa16_0000_ffffn);
    expect(ending([...misplacedStack, ...CALL_16])).toBe(INVALID_OPCODE);
    expect(ending([...stackAt(USER_STACK - 1), ...CALL_16])).toBe(ALIGNMENT_CHECK);
  });

  it("is not checked on the stack of more privileged code that a call gate leads to", () => {
    system.describe(Selector.gate, gateOf({ type: 12, offset: AT, dpl: 3 }));
    // TSS: ESP0
    system.write32(0xa004, 0x18_0001);
    expect(ending([0x9a, ...double(0), ...word(Selector.gate)])).toBe(INVALID_OPCODE);
  });
});

describe("a far pointer in memory", () => {
  const lds = (at: number): number[] => [0xc5, 0x05, ...double(at)];
  const lds16 = (at: number): number[] => [0x66, ...lds(at)];
  const lfs = (at: number): number[] => [0x0f, 0xb4, 0x05, ...double(at)];
  const callFar = (at: number): number[] => [0xff, 0x1d, ...double(at)];
  const jumpFar = (at: number): number[] => [0xff, 0x2d, ...double(at)];

  beforeEach(() => {
    for (const at of [DATA, MISPLACED]) {
      system.write32(at, AT);
      system.write16(at + 4, Selector.userCode);
    }
  });

  it.each([
    ["LDS", lds],
    ["LFS", lfs],
    ["CALL", callFar],
    ["JMP", jumpFar],
  ])("of 48 bits is aligned to 4: %s", (_name, code) => {
    expect(ending(code(DATA))).toBe(INVALID_OPCODE);
    expect(ending(code(MISPLACED))).toBe(ALIGNMENT_CHECK);
  });

  it("of 32 bits is aligned to 2", () => {
    const at = DATA + 0x102;
    system.write16(at + 2, Selector.userData);
    expect(ending(lds16(at))).toBe(INVALID_OPCODE);
    expect(ending(lds16(at + 1))).toBe(ALIGNMENT_CHECK);
  });
});

describe("other operands of more than one part", () => {
  const bound = (at: number): number[] => [0x31, 0xc0, 0x62, 0x05, ...double(at)];
  const fldm80 = (at: number): number[] => [0xdb, 0x2d, ...double(at)];
  const fnstenv = (at: number): number[] => [0xd9, 0x35, ...double(at)];
  const fnstenv16 = (at: number): number[] => [0x66, ...fnstenv(at)];
  const sgdt = (at: number): number[] => [0x0f, 0x01, 0x05, ...double(at)];

  it.each([
    ["the bounds of BOUND to the size of each", bound, 4, 2],
    ["80 bits of the x87 to 8", fldm80, 8, 4],
    ["the x87 environment to 4", fnstenv, 4, 2],
    ["the x87 environment of 16 bits to 2", fnstenv16, 2, 1],
    // SDM 3A, "Segment Descriptor Tables": "address MOD 4 is equal to 2", for a word and an aligned doubleword.
    ["what SGDT stores to 2 before a multiple of 4", sgdt, 2, 4],
  ])("are aligned: %s", (_name, code, good, bad) => {
    expect(ending(code(DATA + 0x200 + good))).toBe(INVALID_OPCODE);
    expect(ending(code(DATA + 0x200 + bad))).toBe(ALIGNMENT_CHECK);
  });
});
