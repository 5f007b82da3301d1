import { describe, expect, it } from "vitest";
import { testHost } from "../../test/host";
import { RAW_CODE, RAW_GPA, RAW_TABLE, rawDomain, syscall, word } from "../../test/raw-domain";
import { lcd_destroy } from "../lcd/lifecycle";
import { lcd_thread_start } from "../thread/lifecycle";

/** Guest-physical place for a page that the domain asks for, and where it maps it: RAW_CODE + 0x8000. */
const GPA = RAW_GPA + 0x10_0000;
const ASKED = RAW_CODE + 0x8000;
/** PAGES_ALLOC(1, 0); MMAP(1, GPA); page-table entry for ASKED: what every program here begins with. */
const askForPage = [
  ...syscall(7, 1, 0),
  ...syscall(8, 1, GPA),
  0xc7,
  0x04,
  0x25,
  ...word(RAW_TABLE + 8 * 8),
  ...word(GPA | 3),
];
/** mov dword [address], value */
const store = (address: number, value: number): number[] => [0xc7, 0x04, 0x25, ...word(address), ...word(value)];

async function run(code: readonly number[], fuel = 10_000) {
  const host = testHost();
  const before = host.accounting();
  const lcd = await rawDomain(host, code);
  lcd_thread_start(lcd.init_thread, { fuel });
  const result = await lcd.init_thread.wait();
  const { instructions } = lcd.init_thread;
  lcd_destroy(lcd);
  expect(host.accounting()).toEqual(before);
  return { result, instructions };
}

describe("a domain that gives back memory which it is using", () => {
  it("faults at the next access, though it has read and written there before", async () => {
    const { result } = await run([
      ...askForPage,
      ...store(ASKED, 1),
      ...syscall(9, 1),
      ...store(ASKED, 2),
      ...syscall(0),
    ]);
    expect(result).toMatchObject({
      report: { cause: { kind: "ept-violation", operation: "write", gpa: BigInt(GPA) } },
    });
  });

  it("faults at the next instruction, when it is the code that runs", async () => {
    const code = syscall(9, 1);
    const copied = code.flatMap((byte, i) => [0xc6, 0x04, 0x25, ...word(ASKED + i), byte]);
    // The code at ASKED: MUNMAP(1), then EXIT, which it does not reach.
    const { result } = await run([...askForPage, ...copied, 0xb8, ...word(ASKED), 0xff, 0xe0]);
    expect(result).toMatchObject({
      report: {
        rip: BigInt(ASKED + code.length),
        cause: { kind: "ept-violation", operation: "execute", gpa: BigInt(GPA + code.length) },
      },
    });
  });
});

describe("code of nothing but system calls", () => {
  it("uses fuel, one instruction for each", async () => {
    // YIELD until the end of the pages: rax and all else keep what they have but for the result, 0, so set it each time.
    const code = Array.from({ length: 300 }, () => [0xb0, 16, 0x0f, 0x01, 0xc1]).flat();
    const { result, instructions } = await run(code, 101);
    expect(result).toEqual({ kind: "killed", reason: "fuel" });
    expect(instructions).toBe(101);
  });
});

describe("WRITE through page tables that", () => {
  const print = syscall(17, ASKED, 16);
  /** EXIT with the result of WRITE. */
  const exit = [0x49, 0x89, 0xc0, 0x31, 0xc0, 0x0f, 0x01, 0xc1];
  const EFAULT = BigInt.asUintN(64, -14n);

  it.each([
    ["lead to themselves", RAW_GPA + 0x1_3000],
    ["lead to no memory", 0x7fff_f000],
    ["have reserved bits", 0],
  ])("%s: EFAULT, or the bytes that are there", async (_, gpa) => {
    const entry = [...store(RAW_TABLE + 64, gpa | 3), ...store(RAW_TABLE + 68, gpa === 0 ? 0x8_0000 : 0)];
    const { result } = await run([...entry, ...print, ...exit]);
    expect(result).toEqual({ kind: "exited", value: gpa === RAW_GPA + 0x1_3000 ? 16n : EFAULT });
  });
});
