import { CARRY_IN_BIT, FlagKind } from "../flags";
import { Rflags } from "../state";
import { type Expression, get, number } from "./expression";

const or = (...bits: Expression[]): Expression => bits.reduce((a, b) => ["i32.or", a, b]);
/** Low bit of an i64 as an i32, moved to a flag's place. */
const flag = (value: Expression, place: number): Expression => [
  "i32.shl",
  ["i32.and", ["i32.wrap_i64", value], number(1)],
  number(Math.log2(place)),
];

/** Parameters and locals of `flagsOf`. */
const F = {
  op: 0,
  over: 1,
  a: 2,
  b: 3,
  kind: 4,
  flags: 5,
  subtracts: 6,
  result: 7,
  left: 8,
  right: 9,
  carryIn: 10,
  top: 11,
};

const isKind = (...kinds: (keyof typeof FlagKind)[]): Expression =>
  or(...kinds.map((kind): Expression => ["i32.eq", get(F.kind), number(FlagKind[kind])]));

const not = (value: Expression): Expression => ["i64.xor", value, ["i64", -1n]];
const pick = (condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression => [
  "i64.select",
  whenTrue,
  whenFalse,
  condition,
];

/**
 * The six flags from the lazy ones. Left operand and carry are recovered from the result: carries out of each bit place
 * of a sum are those of (left AND right) OR ((left OR right) AND NOT result), and of a difference likewise with NOT left.
 */
export const flagsOfBody: readonly Expression[] = [
  ["set", F.kind, ["i32.and", ["i32.shr_u", get(F.op), number(2)], number(0x3f)]],
  [
    "if",
    ["i32.eqz", get(F.kind)],
    [["set", F.flags, ["i32.wrap_i64", get(F.a)]]],
    [
      [
        "set",
        F.top,
        ["i64.extend_i32_u", ["i32.sub", ["i32.shl", number(8), ["i32.and", get(F.op), number(3)]], number(1)]],
      ],
      ["set", F.carryIn, ["i64.extend_i32_u", ["i32.and", ["i32.shr_u", get(F.op), number(CARRY_IN_BIT)], number(1)]]],
      ["set", F.subtracts, isKind("compare", "subtract", "subtractBorrow", "decrement")],
      ["set", F.right, pick(isKind("increment", "decrement"), ["i64", 1n], get(F.b))],
      ["set", F.result, pick(isKind("compare"), ["i64.sub", get(F.a), get(F.b)], get(F.a))],
      [
        "set",
        F.left,
        pick(
          get(F.subtracts),
          ["i64.add", ["i64.add", get(F.result), get(F.right)], get(F.carryIn)],
          ["i64.sub", ["i64.sub", get(F.result), get(F.right)], get(F.carryIn)],
        ),
      ],
      [
        "set",
        F.flags,
        or(
          flag(
            ["i64.extend_i32_u", ["i64.eqz", ["i64.shl", get(F.result), ["i64.sub", ["i64", 63n], get(F.top)]]]],
            Rflags.ZF,
          ),
          flag(["i64.shr_u", get(F.result), get(F.top)], Rflags.SF),
          flag(["i64.xor", ["i64.popcnt", ["i64.and", get(F.result), ["i64", 0xffn]]], ["i64", 1n]], Rflags.PF),
        ),
      ],
      [
        "if",
        isKind("logic", "result"),
        [["set", F.flags, or(get(F.flags), ["i32.wrap_i64", pick(isKind("result"), get(F.b), ["i64", 0n])])]],
        [
          [
            "set",
            F.flags,
            or(
              get(F.flags),
              flag(
                ["i64.shr_u", ["i64.xor", ["i64.xor", get(F.left), get(F.right)], get(F.result)], ["i64", 4n]],
                Rflags.AF,
              ),
              flag(
                [
                  "i64.shr_u",
                  pick(
                    get(F.subtracts),
                    ["i64.and", ["i64.xor", get(F.left), get(F.right)], ["i64.xor", get(F.left), get(F.result)]],
                    ["i64.and", ["i64.xor", get(F.left), get(F.result)], ["i64.xor", get(F.right), get(F.result)]],
                  ),
                  get(F.top),
                ],
                Rflags.OF,
              ),
              flag(
                [
                  "i64.shr_u",
                  pick(
                    get(F.subtracts),
                    [
                      "i64.or",
                      ["i64.and", not(get(F.left)), get(F.right)],
                      ["i64.and", ["i64.or", not(get(F.left)), get(F.right)], get(F.result)],
                    ],
                    [
                      "i64.or",
                      ["i64.and", get(F.left), get(F.right)],
                      ["i64.and", ["i64.or", get(F.left), get(F.right)], not(get(F.result))],
                    ],
                  ),
                  get(F.top),
                ],
                Rflags.CF,
              ),
            ),
          ],
        ],
      ],
    ],
  ],
  [
    "i32.or",
    ["i32.and", get(F.flags), ["i32.xor", ["i32.shr_u", get(F.over), number(16)], number(-1)]],
    ["i32.and", get(F.over), ["i32.shr_u", get(F.over), number(16)]],
  ],
];
