import { type Expression, get } from "./expression";

/** Locals: the value, the ones of the mask that are left, the lowest of them, the bit of the dense side, the result. */
const Local = { value: 0, mask: 1, lowest: 2, dense: 3, result: 4 } as const;

const NONE: Expression = ["i64", 0n];
const set = (local: number, value: Expression): Expression => ["set", local, value];

/** All ones if the value has this bit, else 0. */
const spread = (bit: number): Expression => [
  "i64.extend_i32_s",
  ["i32.sub", ["i32", 0], ["i32.eqz", ["i64.eqz", ["i64.and", get(Local.value), get(bit)]]]],
];

/** One round for each one of the mask, the lowest first: a bit that the value has at `from` goes to `to`. */
const forEachOne = (from: number, to: number): readonly Expression[] => [
  ["returnIf", ["i64.eqz", get(Local.mask)], NONE],
  set(Local.dense, ["i64", 1n]),
  [
    "loopWhile",
    [
      set(Local.lowest, ["i64.and", get(Local.mask), ["i64.sub", NONE, get(Local.mask)]]),
      set(Local.result, ["i64.or", get(Local.result), ["i64.and", spread(from), get(to)]]),
      set(Local.dense, ["i64.shl", get(Local.dense), ["i64", 1n]]),
      set(Local.mask, ["i64.xor", get(Local.mask), get(Local.lowest)]),
    ],
    ["i32.eqz", ["i64.eqz", get(Local.mask)]],
  ],
  get(Local.result),
];

/** PDEP (SDM 2B, "PDEP"). */
export const depositBits = forEachOne(Local.dense, Local.lowest);

/** PEXT (SDM 2B, "PEXT"). */
export const extractBits = forEachOne(Local.lowest, Local.dense);
