import { type X87Case, type X87Outcome, x87Outcome } from "./x87";

/** Status word bits. */
const Status = { IE: 1, DE: 2, UE: 0x10, PE: 0x20, pending: 0x8080, C1: 0x200, conditions: 0x4700 } as const;

/** What an instruction's outcome may differ in, and by the manual's words, why. */
interface Freedom {
  /** First words of names of operations. */
  names: readonly string[];
  /** When it is so; always, if left out. Given what was there before, and the outcome that the processor had. */
  when?: (before: X87Outcome, processor: X87Outcome) => boolean;
  /** Bits of the status word, or everything, or the last bit of results. */
  status?: number;
  everything?: boolean;
  lastBit?: boolean;
  manual: string;
}

const functions = ["sin", "cos", "sincos", "ptan", "patan", "yl2x", "yl2xp1", "2xm1"] as const;

const unmasked =
  (flag: number) =>
  ({ control }: X87Outcome, { status }: X87Outcome): boolean =>
    (status & ~control & flag) !== 0;

/** Where this library follows the manual, and a processor may do otherwise. */
const freedoms: readonly Freedom[] = [
  {
    names: functions,
    status: Status.C1,
    lastBit: true,
    manual: "SDM 1, Transcendental Instruction Accuracy: the error is less than 1 unit in the last place",
  },
  {
    names: ["yl2xp1"],
    when: ({ registers: [x] }) => numberOf(x) <= Math.SQRT1_2 - 1 || numberOf(x) >= Math.SQRT2 - 1,
    everything: true,
    manual: "SDM 2A, FYL2XP1: outside of the range, the result is undefined",
  },
  {
    names: ["2xm1"],
    when: ({ registers: [x] }) => Math.abs(numberOf(x)) >= 1,
    everything: true,
    manual: "SDM 2A, F2XM1: outside of the range -1 to +1, the result is undefined",
  },
  {
    names: ["yl2x"],
    when: ({ registers: [x] }) => isPowerOfTwo(BigInt(`0x${x.slice(5)}`)),
    status: Status.UE | Status.PE | Status.pending,
    manual: "SDM 2A, FYL2X: #P, if the value cannot be represented exactly. AMD reports it of powers of 2, too",
  },
  {
    names: ["comi", "comip", "ucomi", "ucomip"],
    when: unmasked(Status.IE),
    everything: true,
    manual: "SDM 2A, FCOMI: the status flags in EFLAGS are set only if the exception is masked. AMD sets them",
  },
  {
    names: ["comi", "comip", "ucomi", "ucomip"],
    status: Status.C1,
    manual: "SDM 2A, FCOMI: C1 is set to 0. AMD leaves it",
  },
  {
    names: ["com", "comp", "compp", "ucom", "ucomp", "ucompp", "tst"],
    when: unmasked(Status.IE),
    status: Status.conditions,
    manual: "SDM 2A, FCOM: flags not set if unmasked invalid-arithmetic-operand exception is generated. AMD sets them",
  },
  {
    names: ["ld"],
    when: unmasked(Status.DE),
    everything: true,
    manual: "SDM 1, Denormal Operand Exception: the top-of-stack pointer remains unchanged. AMD pushes",
  },
];

const isPowerOfTwo = (significand: bigint): boolean => (significand & (significand - 1n)) === 0n;

/** The value of an 80-bit number, about. */
function numberOf(register: string): number {
  const [signExponent, significand] = register.split(":").map((text) => BigInt(`0x${text}`));
  const magnitude = Number(significand) * 2 ** (Number(signExponent & 0x7fffn) - 16383 - 63);
  return (signExponent & 0x8000n) === 0n ? magnitude : -magnitude;
}

/** Whether two 80-bit numbers are the same or neighbours. */
function near(a: string, b: string): boolean {
  const order = (text: string): bigint => {
    const [signExponent, significand] = text.split(":").map((part) => BigInt(`0x${part}`));
    return (signExponent << 63n) | BigInt.asUintN(63, significand);
  };
  const difference = order(a) - order(b);
  return difference >= -1n && difference <= 1n;
}

/** Whether the library's outcome is the processor's, or differs only in what the table says. */
export function agrees(test: X87Case, processor: X87Outcome, library: X87Outcome): boolean {
  const before = x87Outcome(test, { ...test.request, vector: null });
  const [name] = test.operation.name.split(" ");
  const free = freedoms.filter(({ names, when }) => names.includes(name) && (when?.(before, processor) ?? true));
  if (free.some(({ everything }) => everything)) {
    return true;
  }
  const ignored = free.reduce((bits, { status = 0 }) => bits | status, 0);
  const lastBit = free.some((freedom) => freedom.lastBit);
  return (
    ((processor.status ^ library.status) & ~ignored) === 0 &&
    processor.control === library.control &&
    processor.tags === library.tags &&
    processor.memory === library.memory &&
    processor.flags === library.flags &&
    processor.registers.every(
      (register, i) => register === library.registers[i] || (lastBit && near(register, library.registers[i])),
    )
  );
}
