import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FloatEnv, FloatException, float32, float64, Relation, Rounding } from "./index";

const view = new DataView(new ArrayBuffer(8));

const bits64 = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const bits32 = (value: number): number => {
  view.setFloat32(0, value);
  return view.getUint32(0);
};

const DEFAULT = 0x1f80;
const env = (mxcsr = DEFAULT): FloatEnv => new FloatEnv().loadMxcsr(mxcsr);
const { IE, DE, ZE, OE, UE, PE } = FloatException;

/** Doubles that are not NaN: what JavaScript computes with them is IEEE 754 arithmetic, rounded to nearest. */
const double = fc.double({ noNaN: true });

describe("binary64 arithmetic, rounded to nearest", () => {
  it.each([
    ["add", (a: number, b: number) => a + b],
    ["sub", (a: number, b: number) => a - b],
    ["mul", (a: number, b: number) => a * b],
    ["div", (a: number, b: number) => a / b],
  ] as const)("%s is what JavaScript computes", (name, operation) => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        const expected = operation(a, b);
        fc.pre(!Number.isNaN(expected));
        expect(float64[name](bits64(a), bits64(b), env())).toBe(bits64(expected));
      }),
    );
  });

  it("sqrt is what JavaScript computes", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true }), (a) => {
        expect(float64.sqrt(bits64(a), env())).toBe(bits64(Math.sqrt(a)));
      }),
    );
  });

  it("narrows to binary32 as Math.fround does", () => {
    fc.assert(
      fc.property(double, (a) => {
        expect(float32.from(float64, bits64(a), env())).toBe(bits32(Math.fround(a)));
      }),
    );
  });
});

describe("directed rounding", () => {
  it("encloses the exact sum: down and up differ by one unit when it is inexact, else not at all", () => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        fc.pre(Number.isFinite(a + b) && a + b !== 0);
        const rounded = ([Rounding.down, Rounding.up] as const).map((rounding) => {
          const environment = env(DEFAULT | (rounding << 13));
          const result = float64.add(bits64(a), bits64(b), environment);
          return { order: a + b > 0 ? result : -result, inexact: (environment.flags & PE) !== 0 };
        });
        expect(rounded[1].inexact).toBe(rounded[0].inexact);
        expect(rounded[1].order - rounded[0].order).toBe(rounded[0].inexact ? 1n : 0n);
      }),
    );
  });
});

describe("flags (SDM 1, SSE Exceptions)", () => {
  const max = 0x7fefffffffffffffn;
  const min = 0x0010000000000000n;

  it.each([
    ["infinity - infinity is invalid", 0x7ff0000000000000n, 0x7ff0000000000000n, "sub", 0xfff8000000000000n, IE],
    ["1 / 0 is a division by zero", bits64(1), 0n, "div", 0x7ff0000000000000n, ZE],
    ["the largest number, doubled, overflows", max, max, "add", 0x7ff0000000000000n, OE | PE],
    ["a product that is tiny and inexact underflows", min, 0x3fd5555555555555n, "mul", 0x0005555555555555n, UE | PE],
    ["a product that is tiny and exact does not", min, bits64(0.5), "mul", 0x0008000000000000n, 0],
    ["a denormal operand is told of", 1n, bits64(1), "mul", 1n, DE],
    ["a signaling NaN becomes quiet", 0x7ff0000000000001n, bits64(1), "add", 0x7ff8000000000001n, IE],
    [
      "of two NaNs the first operand comes back",
      0x7ff8000000000001n,
      0xfff8000000000009n,
      "add",
      0x7ff8000000000001n,
      0,
    ],
  ] as const)("%s", (_, a, b, operation, result, flags) => {
    const environment = env();
    expect(float64[operation](a, b, environment)).toBe(result);
    expect(environment.flags).toBe(flags);
  });

  it("tell of a tiny result after rounding: what rounds up to the smallest normal number is not", () => {
    // (1 - 2^-53) * 2^-1022 rounds, with an unlimited exponent, to 1 - 2^-53: below the smallest normal number. With
    // 1 + 2^-52 instead of 1, the product is (1 - 2^-53)(1 + 2^-52) > 1.
    const nearOne = 0x3fefffffffffffffn;
    const [tiny, normal] = [env(), env()];
    expect(float64.mul(nearOne, min, tiny)).toBe(min);
    expect(tiny.flags).toBe(UE | PE);
    expect(float64.mul(nearOne, min + 1n, normal)).toBe(min);
    expect(normal.flags).toBe(PE);
  });

  it("become zero for tiny results with FTZ, and denormal operands do with DAZ", () => {
    const ftz = env(DEFAULT | 0x8000);
    expect(float64.mul(min, bits64(-0.5), ftz)).toBe(0x8000000000000000n);
    expect(ftz.flags).toBe(UE | PE);
    const daz = env(DEFAULT | 0x40);
    expect(float64.div(bits64(1), 1n, daz)).toBe(0x7ff0000000000000n);
    expect(daz.flags).toBe(ZE);
  });

  it("report only what was found before the computation when that is unmasked", () => {
    // Invalid is unmasked; the first element is inexact, the second invalid.
    const environment = env(DEFAULT & ~0x80);
    float64.div(bits64(1), bits64(3), environment);
    float64.div(0n, 0n, environment);
    expect(environment.unmasked).toBe(IE);
    expect(environment.reported).toBe(IE);
  });
});

describe("compare, min and max", () => {
  it("orders as JavaScript does", () => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        const expected = a < b ? Relation.less : a > b ? Relation.greater : Relation.equal;
        expect(float64.compare(bits64(a), bits64(b), env(), true)).toBe(expected);
      }),
    );
  });

  it("gives the second operand for two zeros, and for NaNs (SDM 2B, MINSD)", () => {
    expect(float64.min(bits64(0), bits64(-0), env())).toBe(bits64(-0));
    expect(float64.max(bits64(0), bits64(-0), env())).toBe(bits64(-0));
    expect(float64.min(0x7ff8000000000001n, bits64(1), env())).toBe(bits64(1));
    expect(float64.min(bits64(1), 0x7ff0000000000001n, env())).toBe(0x7ff0000000000001n);
  });
});

describe("conversions to integers", () => {
  it("round half to even, and give the integer indefinite for what does not fit", () => {
    const environment = env();
    expect(float64.toInt32(bits64(2.5), environment)).toBe(2);
    expect(float64.toInt32(bits64(-3.5), environment)).toBe(-4);
    expect(float64.toInt32(bits64(2.9), environment, Rounding.zero)).toBe(2);
    expect(environment.flags).toBe(PE);
    expect(float64.toInt32(bits64(2 ** 31), environment)).toBe(-(2 ** 31));
    expect(environment.flags).toBe(PE | IE);
    expect(float64.toInt64(bits64(-(2 ** 63)), env())).toBe(-(2n ** 63n));
  });

  it("are undone by conversions from integers that fit the significand", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), (value) => {
        expect(float64.toInt64(float64.fromInt64(value, env()), env())).toBe(value);
      }),
    );
  });
});
