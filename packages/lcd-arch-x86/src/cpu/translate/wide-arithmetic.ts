import { type Expression, get } from "./expression";

const low = (value: Expression): Expression => ["i64.and", value, ["i64", 0xffffffffn]];
const high = (value: Expression): Expression => ["i64.shr_u", value, ["i64", 32n]];

/** High half of an unsigned product, from the four products of the operands' halves; locals 2 and 3 hold two of them. */
export const multiplyHigh: Expression = [
  "i64.add",
  ["i64.add", ["i64.mul", high(get(0)), high(get(1))], high(get(2))],
  [
    "i64.add",
    high(get(3)),
    high(["i64.add", ["i64.add", high(["i64.mul", low(get(0)), low(get(1))]), low(get(2))], low(get(3))]),
  ],
];
export const crossProducts: readonly Expression[] = [
  ["set", 2, ["i64.mul", low(get(0)), high(get(1))]],
  ["set", 3, ["i64.mul", high(get(0)), low(get(1))]],
];

/** The quotient of a long division, bit by bit when the dividend has a high half. Locals: high, low, divisor, bits left, top bit. */
export const divideLong: readonly Expression[] = [
  ["returnIf", ["i64.eqz", get(0)], ["i64.div_u", get(1), get(2)]],
  ["set", 3, ["i64", 64n]],
  [
    "loopWhile",
    [
      ["set", 4, ["i64.shr_u", get(0), ["i64", 63n]]],
      ["set", 0, ["i64.or", ["i64.shl", get(0), ["i64", 1n]], ["i64.shr_u", get(1), ["i64", 63n]]]],
      ["set", 1, ["i64.shl", get(1), ["i64", 1n]]],
      [
        "if",
        ["i32.or", ["i32.wrap_i64", get(4)], ["i64.ge_u", get(0), get(2)]],
        [
          ["set", 0, ["i64.sub", get(0), get(2)]],
          ["set", 1, ["i64.or", get(1), ["i64", 1n]]],
        ],
        [],
      ],
      ["set", 3, ["i64.sub", get(3), ["i64", 1n]]],
    ],
    ["i32.eqz", ["i64.eqz", get(3)]],
  ],
  get(1),
];
