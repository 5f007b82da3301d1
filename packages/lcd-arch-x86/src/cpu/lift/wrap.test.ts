import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { BareMachine } from "../../testing/index";
import { ABOVE_4_GIB, BELOW_4_GIB, LongModeSystem, Selector } from "../interrupt/test-long-mode";
import { Gpr } from "../state";

const UD2 = [0x0f, 0x0b];
/** mov eax, [ebx]; mov edx, [ebx + 4] */
const LOAD_RESULT = [0x8b, 0x03, 0x8b, 0x53, 4];

/** With 1111_1111H as the last doubleword below 4 GiB, 2222_2222H at 0 and 3333_3333H above 4 GiB. */
function system(): LongModeSystem {
  const system = new LongModeSystem();
  const { memory } = system.machine;
  system.mapAround4GiB();
  memory.writeU32(__hpa(BELOW_4_GIB + 0xffcn), 0x1111_1111);
  memory.writeU32(__hpa(0), 0x2222_2222);
  memory.writeU32(__hpa(ABOVE_4_GIB), 0x3333_3333);
  system.cpu.deliversExceptions = false;
  return system;
}

/*
 * Whether an access beyond the end of a segment of 4 GiB faults is up to the processor (SDM 3A, "Limit Checking"): this one
 * does not. But compatibility mode has linear addresses of 32 bits (SDM 3A, "Memory Management in IA-32e Mode"), and none
 * beyond.
 */
describe("an operand of compatibility mode that crosses 4 GiB", () => {
  it.each([
    // cmpxchg8b [esi]; and fild qword [esi]; fistp qword [ebx]
    ["CMPXCHG8B", [0x0f, 0xc7, 0x0e]],
    ["FILD", [0xdf, 0x2e, 0xdf, 0x3b, ...LOAD_RESULT]],
    // fld tbyte [esi - 4]; fstp tbyte [ebx - 4]: of the ten bytes, eight are there and two behind
    ["FLD of 80 bits", [0xdb, 0x6e, 0xfc, 0xdb, 0x7b, 0xfc, ...LOAD_RESULT], 0x2222n],
  ])("goes on at 0: %s", (_, code: readonly number[], high = 0x2222_2222n) => {
    const long = system();
    const { gpr } = long.cpu;
    gpr[Gpr.rsi] = 0xffff_fffcn;
    gpr[Gpr.rbx] = 0x16_0000n;
    expect(long.runUser([...code, ...UD2], Selector.userCode32)).toMatchObject({ vector: 6 });
    expect([gpr[Gpr.rax], gpr[Gpr.rdx]]).toEqual([0x1111_1111n, high]);
  });
});

describe("CMPXCHG8B over the end of the canonical addresses, from a page that is not present", () => {
  // As the machine's own processor does: an AMD EPYC.
  it.each([
    ["#GP(0)", "RBX", [0x0f, 0xc7, 0x0b], 13],
    ["#SS(0)", "RBP", [0x0f, 0xc7, 0x4d, 0], 12],
  ])("raises %s through %s", (_, _register, code, vector) => {
    const bare = new BareMachine();
    bare.cpu.gpr[Gpr.rbx] = 0x7fff_ffff_fffcn;
    bare.cpu.gpr[Gpr.rbp] = 0x7fff_ffff_fffcn;
    expect(bare.run(code)).toEqual({ kind: "exception", vector, errorCode: 0 });
  });
});
